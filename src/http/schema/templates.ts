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
    expiresAfterMs: z.int().nullable().describe("How long it is worth sending; null: the usual time"),
    schema: z.record(z.string(), z.unknown()).describe("JSON Schema of its data"),
    example: z.record(z.string(), z.unknown()),
    locales: z.array(z.string()).describe("The languages that it speaks, as BCP 47 tags"),
    isBuiltIn: z.boolean().describe("Comes with Sendwright: only its sources can be changed"),
    isEdited: z.boolean().describe("False for a built-in one as it came"),
    version: z.int().describe("To be sent back with PUT; 0 for a built-in one that was never changed"),
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
        mjml: z.string().describe("What the layout is put around, or a whole `<mjml>` document"),
        text: z.string().nullable().describe("Null: made from the HTML"),
      })
      .meta({ id: "TemplateSource" }),
  )
  .describe("By language");

const edited = {
  updatedAt: timeOrNull("Null where it was never changed"),
  updatedBy: z.string().nullable(),
};

export const templateDetail = z
  .object({ ...templateInfo.shape, sources: templateSources, ...edited })
  .meta({ id: "TemplateDetail" });
export type TemplateDetail = z.infer<typeof templateDetail>;

export const templateVersion = z
  .object({
    version: z.int(),
    at: timeOrNull("Null for version 0, the built-in one"),
    by: z.string().nullable(),
    note: z.string().nullable(),
    change: z.enum(templateChanges).describe("`reset`: the built-in one is used again"),
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
    preheader: z.string().nullable().describe("What mail programs show beside the subject"),
    html: z.string(),
    text: z.string(),
    sizeBytes: z.int().describe("Of the HTML"),
    warnings: z
      .array(
        z.object({
          code: z.enum(warningCodes),
          detail: z.string(),
          line: z.int().nullable().describe("In the MJML, from 1; null where it comes from elsewhere"),
          column: z.int().nullable(),
        }),
      )
      .describe("What readers may mind"),
  })
  .meta({ id: "TemplatePreview" });
export type TemplatePreview = z.infer<typeof templatePreview>;

export const templateTest = z.object({ ...accepted.shape, to: z.string() }).meta({ id: "TemplateTest" });
export type TemplateTest = z.infer<typeof templateTest>;

const partContent = { mjml: z.string(), text: z.string().nullable() };

export const templatePart = z
  .object({
    name: z.string().describe('`layout`, or what `{% render "name" %}` calls'),
    ...partContent,
    isBuiltIn: z.boolean(),
    isEdited: z.boolean().describe("False for the layout as it came"),
    version: z.int().describe("To be sent back with PUT; 0 for the layout that was never changed"),
    usedBy: z.array(z.string()).describe("The templates that have it in them"),
    ...edited,
  })
  .meta({ id: "TemplatePart" });
export type TemplatePart = z.infer<typeof templatePart>;

export const templatePartList = pageOf(templatePart);

export const templatePartVersion = z
  .object({ name: z.string(), ...partContent, ...templateVersion.shape })
  .meta({ id: "TemplatePartVersion" });
