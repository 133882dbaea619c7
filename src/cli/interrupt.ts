/** Exit codes of a process that a signal has ended, as shells count them: 128 and the signal's number. */
const exitCodes = { SIGINT: 130, SIGTERM: 143 } as const;

/** A command that can be broken off: its work ends by the signal, and then says so by the exit code. */
export async function interruptibly(work: (signal: AbortSignal) => Promise<number>): Promise<number> {
  const interrupted = new AbortController();
  let exitCode: number | null = null;
  const stop = (name: keyof typeof exitCodes) => {
    // The second one does not wait.
    if (exitCode !== null) process.exit(exitCode);
    exitCode = exitCodes[name];
    interrupted.abort();
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(interrupted.signal);
  } catch (error) {
    if (exitCode === null || error !== interrupted.signal.reason) throw error;
    return exitCode;
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}
