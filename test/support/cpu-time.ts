/**
 * How long this thread has worked on something, in milliseconds: other processes on a busy machine do not make it
 * longer, as they do on the clock.
 */
export function cpuMs(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000;
}
