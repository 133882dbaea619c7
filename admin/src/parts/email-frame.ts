/**
 * The policy inside a preview. The frame has no origin and no scripts already (`sandbox`); this one also
 * keeps it from fetching: no picture, font, style or frame from outside may tell a sender who looked.
 */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

/** A link would load its page into the frame; for a new window the sandbox gives no leave. */
const links = '<base target="_blank">';

/** The colours that a reader's mail program has. */
export type ColorScheme = "light" | "dark";

/**
 * A document for `srcdoc` that shows an email's HTML. The policy stands before anything the sender
 * wrote, and a later policy could only narrow it.
 */
export function previewDocument(html: string, scheme: ColorScheme = "light"): string {
  return `<!doctype html><html style="color-scheme: ${scheme} !important"><head><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="referrer" content="no-referrer">${links}</head><body>${inScheme(html, scheme)}</body></html>`;
}

/**
 * Answers what the email's styles ask of the colour scheme. The browser would answer for the viewer,
 * whatever the frame says.
 */
function inScheme(html: string, scheme: ColorScheme): string {
  return html.replace(/<style\b.*?<\/style\s*>/gis, (style) =>
    style.replace(/\(\s*prefers-color-scheme\s*:\s*(dark|light)\s*\)/gi, (_, asked: string) =>
      asked.toLowerCase() === scheme ? "(min-width: 0px)" : "(max-width: 0px)",
    ),
  );
}
