import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["src/**/*.test.ts", "test/**/*.test.ts", "admin/src/**/*.test.ts"],
    // Real databases, browsers and key derivation take their time on a small machine.
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
