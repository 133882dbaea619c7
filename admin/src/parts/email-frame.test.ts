import { expect, test } from "vitest";
import { previewDocument } from "./email-frame.ts";

const hostile =
  '</body></html><meta http-equiv="Content-Security-Policy" content="default-src *"><script>x</script>';

test("states its policy before anything the sender wrote", () => {
  const document = previewDocument(hostile);
  const policy = document.indexOf("Content-Security-Policy");
  expect(policy).toBeGreaterThan(0);
  expect(policy).toBeLessThan(document.indexOf(hostile));
});

test("lets nothing be fetched, run or sent", () => {
  const [, policy] = /Content-Security-Policy" content="([^"]*)"/.exec(previewDocument("")) ?? [];
  const directives = new Map(
    policy?.split("; ").map((text) => [text.split(" ")[0], text.split(" ").slice(1)]),
  );
  expect(directives.get("default-src")).toEqual(["'none'"]);
  expect(directives.get("form-action")).toEqual(["'none'"]);
  expect(directives.get("img-src")).toEqual(["data:"]);
  expect(directives.has("script-src")).toBe(false);
});

test("shows an email in the colours that are asked for, whatever the viewer's are", () => {
  const html =
    "<style>@media screen and (prefers-color-scheme: dark) { p { color: #fff } }</style><p>(prefers-color-scheme: dark)</p>";
  expect(previewDocument(html, "dark")).toContain("@media screen and (min-width: 0px) {");
  expect(previewDocument(html)).toContain("@media screen and (max-width: 0px) {");
  expect(previewDocument(html)).toContain("<p>(prefers-color-scheme: dark)</p>");
});
