import type { BrowserContext, Request, Response } from "playwright-core";

/** What happened in the pages of one browser profile, as it happens. */
export interface Witness {
  /** The address of every request that a page wanted to make. */
  readonly requests: readonly string[];
  /**
   * What no page of ours may do: errors and warnings in the console, breaches of the content security
   * policy among them, exceptions that nobody caught, dialogs, new windows.
   */
  readonly complaints: readonly string[];
  /** From now on, complaints like this one are what the test is about. */
  allow(kind: RegExp): void;
  /** How many requests have no whole reply yet. While there are some, closing the context would lose theirs. */
  readonly underWay: number;
  /** Heads and bodies of all replies so far. @throws Error for one that could not be kept. */
  replies(): Promise<string>;
}

/** A refusal is part of the API, which the browser cannot know. */
const refusal = /^Failed to load resource: the server responded with a status of 4\d\d/;

export function watch(context: BrowserContext): Witness {
  const requests: string[] = [];
  const complaints: string[] = [];
  const replies: Promise<string>[] = [];
  const underWay = new Set<Request>();
  const allowed: RegExp[] = [];
  function complain(complaint: string): void {
    if (!allowed.some((kind) => kind.test(complaint))) complaints.push(complaint);
  }

  context.on("request", (request) => {
    requests.push(request.url());
    underWay.add(request);
  });
  context.on("requestfailed", (request) => underWay.delete(request));
  context.on("response", (response) => {
    const reply = read(response);
    // It is awaited by whoever asks; till then a failure is not one of nobody's.
    reply.catch(() => {}).finally(() => underWay.delete(response.request()));
    replies.push(reply);
  });
  context.on("console", (message) => {
    const text = message.text();
    if (["error", "warning"].includes(message.type()) && !refusal.test(text)) {
      complain(`${message.type()}: ${text}`);
    }
  });
  context.on("weberror", (error) => complain(`exception: ${error.error().message}`));
  context.on("dialog", (dialog) => {
    complain(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on("page", (page) => page.on("popup", (popup) => complain(`new window: ${popup.url()}`)));

  return {
    requests,
    complaints,
    get underWay() {
      return underWay.size;
    },
    allow: (kind) => void allowed.push(kind),
    replies: async () => (await Promise.all(replies)).join("\n"),
  };
}

async function read(response: Response): Promise<string> {
  const { url, status } = { url: response.url(), status: response.status() };
  const heads = JSON.stringify(await response.allHeaders());
  const hasBody = status !== 204 && status !== 304 && (status < 300 || status >= 400);
  return `${status} ${url} ${heads} ${hasBody ? await response.text() : ""}`;
}
