// Posts large emails at once when it is told to, in a process of its own; door.ts starts it.
import { type ClientRequest, request } from "node:http";

export interface PostOrder {
  readonly url: string;
  readonly apiKey: string;
  readonly count: number;
  /** Of each body. */
  readonly bytes: number;
}

/** How many posts were answered with which status, or failed with which error. */
export type PostCounts = Readonly<Record<string, number>>;

process.on("message", async (order: PostOrder) => {
  const body = largeEmail(order.bytes);
  const outcomes = await Promise.all(Array.from({ length: order.count }, () => post(order, body)));
  const counts: Record<string, number> = {};
  for (const outcome of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1;
  process.send?.(counts);
});
process.on("disconnect", () => process.exit());

/** An email with an attachment, which makes up nearly all of the body. */
function largeEmail(bytes: number): Buffer {
  const content = Buffer.alloc(Math.floor((bytes - 200) / 4) * 3, "attachment").toString("base64");
  const attachments = [{ filename: "large.bin", content }];
  return Buffer.from(JSON.stringify({ to: "jo@example.com", subject: "Large", text: "Hello", attachments }));
}

function post({ url, apiKey }: PostOrder, body: Buffer): Promise<string> {
  return new Promise((resolve) => {
    const headers = {
      authorization: `Bearer ${apiKey}`,
      "content-type": "application/json",
      "content-length": body.length,
    };
    const sent: ClientRequest = request(`${url}/api/emails`, { method: "POST", headers, agent: false });
    sent.on("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    sent.on("response", (response) => {
      response.resume().on("end", () => resolve(String(response.statusCode)));
    });
    sent.end(body);
  });
}
