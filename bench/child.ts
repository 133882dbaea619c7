import { type ChildProcess, fork } from "node:child_process";

/** Far more than any answer should take: a bench that hangs says where. */
const deadlineMs = 180_000;

/** A part of the bench that must not share our process: its work would be counted as that of a candidate. */
export interface Child {
  send(order: object): void;
  /** The next message. @throws Error if the process ends before, or takes too long. */
  message<Body>(): Promise<Body>;
  close(): void;
}

/** @param file ends by itself when it is disconnected, so that it does not outlive us. */
export function startChild(file: URL, args: readonly string[] = []): Child {
  const child = fork(file, args);
  return {
    send: (order) => void child.send(order),
    message: () => message(child, file.pathname),
    close: () => child.disconnect(),
  };
}

function message<Body>(child: ChildProcess, name: string): Promise<Body> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      child.off("message", answered).off("exit", ended);
    };
    const fail = (what: string) => {
      stop();
      reject(new Error(`${name} ${what}`));
    };
    const answered = (body: unknown) => {
      stop();
      resolve(body as Body);
    };
    const ended = () => fail("ended before it answered");
    const timer = setTimeout(() => fail(`said nothing for ${deadlineMs / 1000} s`), deadlineMs);
    child.once("message", answered).once("exit", ended);
  });
}
