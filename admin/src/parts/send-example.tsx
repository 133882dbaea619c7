import { serverUrl } from "../api/base-path.ts";
import { CodeBlock } from "./code-block.tsx";

/** The whole request that sends an email, ready to be pasted into a terminal. */
export function SendExample({ apiKey = "YOUR_API_KEY" }: { apiKey?: string }) {
  const code = [
    `curl ${new URL(serverUrl("api/emails"), location.origin).href} \\`,
    `  -H "Authorization: Bearer ${apiKey}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '{ "to": "jo@example.com", "subject": "Hello", "text": "It works." }'`,
  ].join("\n");
  return <CodeBlock code={code} label="curl" />;
}
