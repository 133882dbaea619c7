import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askPassword, type Keyboard, readFirstLine } from "./password.ts";

/** A terminal that tells whether it would show what is typed. */
function keyboard() {
  const modes: boolean[] = [];
  const input: Keyboard & PassThrough = Object.assign(new PassThrough(), {
    setRawMode: (raw: boolean) => modes.push(raw),
  });
  return { input, modes };
}

describe("--password-stdin", () => {
  const read = (...chunks: (string | Buffer)[]) => {
    const input = new PassThrough();
    for (const chunk of chunks) input.write(chunk);
    input.end();
    return readFirstLine(input);
  };

  it("takes the first line, in whatever pieces it comes, and keeps blanks", async () => {
    expect(await read("correct ", "horse \r", "\nsecond line\n")).toBe("correct horse ");
    expect(await read("no line end")).toBe("no line end");
  });

  it("does not wait for the end of what has given a line", async () => {
    const input = new PassThrough();
    input.write("secret\n");
    expect(await readFirstLine(input)).toBe("secret");
  });

  it("leaves out a byte order mark, and refuses what isn't UTF-8", async () => {
    expect(await read("\uFEFFs3cret\r\n")).toBe("s3cret");
    const bytes = Buffer.from("\uFEFFs3crét\r\n");
    expect(await read(...[...bytes].map((byte) => Buffer.of(byte)))).toBe("s3crét");
    for (const encoded of [
      Buffer.from("\uFEFFs3cret\r\n", "utf16le"),
      Buffer.from("s3cret\r\n", "utf16le"),
      Buffer.from("s3crét\n", "latin1"),
    ]) {
      await expect(read(encoded)).rejects.toThrow("isn't UTF-8");
    }
    await expect(read("\uFEFF\n")).rejects.toMatchObject({ code: "input.invalid" });
  });

  it("refuses nothing", async () => {
    await expect(read("\nsecret\n")).rejects.toMatchObject({ code: "input.invalid" });
    await expect(read()).rejects.toMatchObject({ code: "input.invalid" });
  });
});

describe("the question for a password", () => {
  const never = new AbortController().signal;

  it("shows nothing of what is typed, and lets it be corrected", async () => {
    const { input, modes } = keyboard();
    const shown: string[] = [];
    const answer = askPassword(
      "Password: ",
      input,
      (text) => shown.push(text),
      () => {},
      never,
    );
    input.write("all wrong\u0015cörrx\u007fect");
    input.write(" horse\r");
    expect(await answer).toBe("cörrect horse");
    expect(shown).toEqual(["Password: ", "\n"]);
    expect(modes).toEqual([true, false]);
  });

  it("ends with Ctrl-C, and leaves the terminal as it was", async () => {
    const { input, modes } = keyboard();
    const stopped = new AbortController();
    const answer = askPassword(
      "Password: ",
      input,
      () => {},
      () => stopped.abort(),
      stopped.signal,
    );
    input.write("secr\u0003");
    await expect(answer).rejects.toBe(stopped.signal.reason);
    expect(modes).toEqual([true, false]);
  });
});
