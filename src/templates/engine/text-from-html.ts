import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/** The plain text of an HTML email: links with their addresses, no pictures, lines as long as they are. */
export function textFromHtml(html: string): string {
  // Loaded at first use: the built-in templates have texts of their own, and a start should not wait for it.
  const { convert } = require("html-to-text") as typeof import("html-to-text");
  return convert(html, {
    wordwrap: false,
    selectors: [
      { selector: "img", format: "skip" },
      { selector: "a", options: { hideLinkHrefIfSameAsText: true } },
    ],
  });
}
