import { expect, test } from "vitest";
import { replyWords } from "./reply.ts";

test.each([
  [{ code: 550, enhancedCode: "5.1.1", reply: "no such user" }, "550 5.1.1 no such user"],
  [{ code: 250, enhancedCode: "2.6.0", reply: "2.6.0 taken" }, "250 2.6.0 taken"],
  [{ code: 421, enhancedCode: null, reply: "" }, "421"],
  [{ code: null, enhancedCode: null, reply: null }, null],
])("writes %j in one line", (reply, words) => {
  expect(replyWords(reply)).toBe(words);
});
