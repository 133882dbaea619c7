import { vi } from "vitest";
import { forgetLastId } from "../../src/core/id.ts";

// Test files share a module graph. Each begins at a time of its own, with the globals as they were.
forgetLastId();
vi.unstubAllGlobals();
vi.unstubAllEnvs();
