import { mkdirSync } from "node:fs";
import { PosthornError } from "../../errors.ts";
import { createLog } from "../../log.ts";
import type { ServerOptions } from "../../options.ts";
