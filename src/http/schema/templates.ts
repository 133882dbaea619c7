import { z } from "zod";
import { templateChanges } from "../../core/model.ts";
import { warningCodes } from "../../templates/engine/warnings.ts";
import { pageOf, timeOrNull } from "./common.ts";
import { accepted } from "./emails.ts";

export const templateInfo = z
  .object({
    name: z.string(),
    description: z.string(),
    sensitive: z.boolean(),
    expiresAfterMs: z
      .int()
      .nullable()
      .describe("Milliseconds after which Sendwright stops retrying. Null for the default, 24 hours"),
    schema: z.record(z.string(), z.unknown()).describe("JSON Schema of the data"),
    example: z.record(z.string(), z.unknown()),
    locales: z.array(z.string()).describe("Languages as BCP 47 tags"),
    isBuiltIn: z.boolean().describe("True for a built-in template, of which only the sources can be changed"),
    isEdited: z.boolean().describe("False for an unchanged built-in template"),
    version: z
      .int()
      .describe("Version of the template, to send with PUT; 0 for an unchanged built-in template"),
  })
  .meta({ id: "Template" });
export type TemplateInfo = z.infer<typeof templateInfo>;

export const templateList = pageOf(templateInfo);

const templateSources = z
  .record(
    z.string(),
    z
      .object({
        subject: z.string(),
        preheader: z.string().nullable(),
        mjml: z.string().describe("MJML inside the layout, or a whole `<mjml>` document"),
        text: z.string().nullable().describe("Plain text. Null to generate it from the HTML"),
      })
      .meta({ id: "TemplateSource" }),
  )
  .describe("Sources by language");

const edited = {
  updatedAt: timeOrNull("Time of the last change. Null if never changed"),
  updatedBy: z.string().nullable(),
};

export const templateDetail = z
  .object({ ...templateInfo.shape, sources: templateSources, ...edited })
  .meta({ id: "TemplateDetail" });
export type TemplateDetail = z.infer<typeof templateDetail>;

export const templateVersion = z
  .object({
    version: z.int(),
    at: timeOrNull("Time of the version. Null for version 0, the built-in one"),
    by: z.string().nullable(),
    note: z.string().nullable(),
    change: z.enum(templateChanges).describe("Kind of change; `reset` returns to the built-in one"),
  })
  .meta({ id: "TemplateVersion" });
export type TemplateVersion = z.infer<typeof templateVersion>;

export const templateVersionList = pageOf(templateVersion);

export const templateVersionDetail = z
  .object({ ...templateInfo.shape, sources: templateSources, ...templateVersion.shape })
  .meta({ id: "TemplateVersionDetail" });
export type TemplateVersionDetail = z.infer<typeof templateVersionDetail>;

export const templatePreview = z
  .object({
    subject: z.string(),
    preheader: z.string().nullable().describe("Preview text that mail programs show next to the subject"),
    html: z.string(),
    text: z.string(),
    sizeBytes: z.int().describe("Size of the HTML in bytes"),
    warnings: z
      .array(
        z.object({
          code: z.enum(warningCodes),
          detail: z.string(),
          line: z.int().nullable().describe("Line in the MJML, from 1. Null if it is not in the MJML"),
          column: z.int().nullable(),
        }),
      )
      .describe("Warnings"),
  })
  .meta({ id: "TemplatePreview" });
export type TemplatePreview = z.infer<typeof templatePreview>;

export const templateTest = z.object({ ...accepted.shape, to: z.string() }).meta({ id: "TemplateTest" });
export type TemplateTest = z.infer<typeof templateTest>;

const partContent = { mjml: z.string(), text: z.string().nullable() };

export const templatePart = z
  .object({
    name: z.string().describe('Name of the part: `layout`, or the name in `{% render "name" %}`'),
    ...partContent,
    isBuiltIn: z.boolean(),
    isEdited: z.boolean().describe("False for the unchanged built-in layout"),
    version: z.int().describe("Version of the part, to send with PUT; 0 for the unchanged layout"),
    usedBy: z.array(z.string()).describe("Names of the templates that use the part"),
    ...edited,
  })
  .meta({ id: "TemplatePart" });
export type TemplatePart = z.infer<typeof templatePart>;

export const templatePartList = pageOf(templatePart);

export const templatePartVersion = z
  .object({ name: z.string(), ...partContent, ...templateVersion.shape })
  .meta({ id: "TemplatePartVersion" });
