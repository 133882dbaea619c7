import { initial } from "./0001-initial.ts";
import { signIn } from "./0002-sign-in.ts";
import { overview } from "./0003-overview.ts";
import { engine } from "./0004-engine.ts";
import { failures } from "./0005-failures.ts";
import { templates } from "./0006-templates.ts";
import { versions } from "./0007-versions.ts";
import { oauth } from "./0008-oauth.ts";
import { watching } from "./0009-watching.ts";
import { delivery } from "./0010-delivery.ts";
import { indexes } from "./0011-indexes.ts";
import { captured } from "./0012-captured.ts";
import { routing } from "./0013-routing.ts";
import type { SchemaChange } from "./schema-change.ts";

/** Every migration in its order. A released one is never changed: add the next. */
export const migrations: Readonly<Record<string, SchemaChange>> = {
  "0001-initial": initial,
  "0002-sign-in": signIn,
  "0003-overview": overview,
  "0004-engine": engine,
  "0005-failures": failures,
  "0006-templates": templates,
  "0007-versions": versions,
  "0008-oauth": oauth,
  "0009-watching": watching,
  "0010-delivery": delivery,
  "0011-indexes": indexes,
  "0012-captured": captured,
  "0013-routing": routing,
};
