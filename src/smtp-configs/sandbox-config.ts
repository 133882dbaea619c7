import { isLoopback, normaliseHost } from "../net/host.ts";
import type { SmtpSettings } from "../store/tables/smtp-configs.ts";

/**
 * Whether a config sends to the built-in sandbox of this process, whatever its name is: its server is the loopback
 * and its port the sandbox's.
 * @param sandboxPort where the sandbox listens; null while it is off, then no config sends there
 */
export function isSandboxConfig(
  { smtpServer, smtpPort }: Pick<SmtpSettings, "smtpServer" | "smtpPort">,
  sandboxPort: number | null,
): boolean {
  if (sandboxPort === null || smtpPort !== sandboxPort) return false;
  // A row that was edited in the database may hold anything.
  return isLoopback(normaliseHost(smtpServer) ?? smtpServer);
}
