import { describe, expect, it } from "vitest";
import { documentedOptions, readEnvironment } from "../../src/core/environment.ts";
import { blocksOf, files, place, read } from "./markdown.ts";

/** Variables of an application, of its examples and of the tests. */
const others = ["SENDWRIGHT_KEY", "SENDWRIGHT_ADMIN_KEY", "SENDWRIGHT_URL", "SENDWRIGHT_TEST_FAULTS"];
const options = documentedOptions.flatMap(({ env, secret }) => (secret ? [env, `${env}_FILE`] : [env]));

it.each(files)("%s names no variable that means nothing", (file) => {
  const named = (read(file) ?? "").match(/\bSENDWRIGHT_[A-Z_]*[A-Z]\b/g) ?? [];
  expect(named.filter((name) => !options.includes(name) && !others.includes(name))).toEqual([]);
});

/** How a variable gets a value: `X=v`, `X: v`, `X = "v"`, `{ name: X, value: v }`, `key: X` and `value: v`. */
const assignment =
  /\b(SENDWRIGHT_[A-Z_]+)(?: *= *|: +|, value: |\n\s+value: )(?:"([^"\n]*)"|([^\n}]*?))(?= *}| *$)/gm;

const assigned = files
  .flatMap(blocksOf)
  .filter(({ language }) => ["env", "yaml", "ini", "toml"].includes(language))
  .map((block) => {
    const found = [...block.text.matchAll(assignment)].map(([, name = "", quoted, plain = ""]) => {
      return [name, quoted ?? plain] as const;
    });
    return [place(block), Object.fromEntries(found)] as const;
  });

describe("the values in blocks", () => {
  it.each(assigned)("%s are valid", (_, given) => {
    // What a file or the host puts in is not known here.
    const known = Object.entries(given).filter(
      ([name, value]) => !name.endsWith("_FILE") && !value.includes("${"),
    );
    expect(readEnvironment(Object.fromEntries(known)).unknown).toEqual([]);
  });

  it("are found", () => {
    const all = assigned.flatMap(([, given]) => Object.entries(given));
    expect(all).toContainEqual(["SENDWRIGHT_KEEP_ALIVE", "620"]);
    expect(all).toContainEqual(["SENDWRIGHT_PUBLIC_URL", "https://sendwright.onrender.com"]);
    expect(all).toContainEqual(["SENDWRIGHT_PUBLIC_URL", "https://sendwright-example.fly.dev"]);
    expect(all).toContainEqual(["SENDWRIGHT_DATA_DIR", "/var/lib/sendwright"]);
    expect(all).toContainEqual(["SENDWRIGHT_PUBLIC_URL", "https://mail.example.com"]);
  });
});
