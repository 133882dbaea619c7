/**
 * The policy inside a preview. The frame has no origin and no scripts already (`sandbox`); this one also
 * keeps it from fetching: no picture, font, style or frame from outside may tell a sender who looked.
 */
const policy =
  "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'";

/** A link would load its page into the frame; for a new window the sandbox gives no leave. */
const links = '<base target="_blank">';

/**
 * A document for `srcdoc` that shows an email's HTML. The policy stands before anything the sender
 * wrote, and a later policy could only narrow it.
 */
export function previewDocument(html: string): string {
  return `<!doctype html><html><head><meta http-equiv="Content-Security-Policy" content="${policy}"><meta name="referrer" content="no-referrer">${links}</head><body>${html}</body></html>`;
}
