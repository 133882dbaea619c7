import { spawnSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { decrypt, encrypt, generateKey, open, parseKey } from "../../src/secret/fernet.ts";

const hasCryptography = spawnSync("python3", ["-c", "import cryptography.fernet"]).status === 0;
const plaintexts = ["", "hello", "pässwörd 密码 🔑", "a".repeat(16), "x".repeat(100_000), "\0\r\n"];

/** Runs a line of Python with `Fernet` imported and JSON as its standard input. */
function python(line: string, input: unknown): string[] {
  const program = `import json, sys\nfrom cryptography.fernet import Fernet, InvalidToken, MultiFernet\ninput = json.load(sys.stdin)\n${line}`;
  const run = spawnSync("python3", ["-c", program], { input: JSON.stringify(input), encoding: "utf8" });
  if (run.status !== 0) throw new Error(run.stderr);
  return JSON.parse(run.stdout);
}

// Where Python's cryptography is missing, the stored tokens of src/secret/fernet.test.ts stand in for it.
describe.runIf(hasCryptography)("Python's cryptography", () => {
  const text = generateKey();
  const key = parseKey(text)!;

  test("reads our tokens", () => {
    const tokens = plaintexts.map((plaintext) => encrypt(key, plaintext, { now: Date.now() }));
    const read = python(
      "f = Fernet(input['key'])\nprint(json.dumps([f.decrypt(t, ttl=300).decode() for t in input['tokens']]))",
      { key: text, tokens },
    );
    expect(read).toEqual(plaintexts);
  });

  test("writes tokens that we read", () => {
    const tokens = python(
      "f = Fernet(input['key'])\nprint(json.dumps([f.encrypt(p.encode()).decode() for p in input['plaintexts']]))",
      { key: text, plaintexts },
    );
    expect(tokens.map((token) => decrypt(key, token).toString())).toEqual(plaintexts);
  });

  test("makes keys that we take, and rotates as we do: the time stays", () => {
    const token = encrypt(key, "hello", { now: 1_000_000_000_000 });
    const [newKey = "", rotated = ""] = python(
      "k = Fernet.generate_key()\nm = MultiFernet([Fernet(k), Fernet(input['key'])])\nprint(json.dumps([k.decode(), m.rotate(input['token']).decode()]))",
      { key: text, token },
    );
    expect(open(parseKey(newKey)!, rotated)).toEqual({
      plaintext: Buffer.from("hello"),
      timestamp: 1_000_000_000n,
    });
  });
});
