import { serverUrl } from "../api/base-path.ts";
import { CodeBlock } from "./code-block.tsx";
import { shellQuoted } from "./shell-quoted.ts";

const hello = { to: "jo@example.com", subject: "Hello", text: "It works." };

interface SendExampleProps {
  readonly apiKey?: string;
  readonly email?: object;
}

/** The whole request that sends an email, ready to be pasted into a terminal. */
export function SendExample({ apiKey = "YOUR_API_KEY", email = hello }: SendExampleProps) {
  const code = [
    `curl ${new URL(serverUrl("api/emails"), location.origin).href}`,
    `-H "Authorization: Bearer ${apiKey}"`,
    '-H "Content-Type: application/json"',
    `-d ${shellQuoted(JSON.stringify(email))}`,
  ].join(" \\\n  ");
  return <CodeBlock code={code} label="curl" />;
}
