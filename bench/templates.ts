import { Liquid } from "liquidjs";
import { createTransport } from "nodemailer";
import { composeMessage } from "../src/message/mime.ts";
import { builtinLayout } from "../src/templates/builtin/layout.ts";
import { orderNotification } from "../src/templates/builtin/order-notification.ts";
import { brandScope } from "../src/templates/engine/brand.ts";
import { ownFilters } from "../src/templates/engine/filters.ts";
import { filterByContext } from "../src/templates/engine/html-context.ts";
import { compileMjml } from "../src/templates/engine/mjml.ts";
import { checkedData } from "../src/templates/engine/render.ts";
import { LoadedTemplates } from "../src/templates/engine/templates.ts";
import { type Candidate, compare, type Results, ratiosOf } from "./measure.ts";

const name = "order-notification";
const date = Date.UTC(2026, 0, 1);
const to = { name: "Jo", address: "jo@example.com" };
const content = /\{\{-?\s*content\s*-?\}\}/;

/** From data to the bytes of a message: checked, rendered, composed. */
function services(): Candidate {
  const templates = new LoadedTemplates();
  const data = templates.get(name).example;
  return {
    name: "order: Sendwright",
    run() {
      const { subject, html, text } = templates.render(name, { data });
      return composeMessage({
        messageId: "<1@example.com>",
        date,
        to: [to],
        cc: [],
        calendar: null,
        attachments: [],
        headers: {},
        subject,
        html,
        text,
      });
    },
  };
}

/** The same Liquid, parsed once, by liquidjs as it comes and nodemailer's composer; its data is not checked. */
function liquidAndNodemailer(): Candidate {
  const html = new Liquid({ outputEscape: "escape" });
  const plain = new Liquid();
  for (const engine of [html, plain]) {
    for (const [filter, apply] of Object.entries(ownFilters)) engine.registerFilter(filter, apply);
  }
  const { subject, preheader = "", mjml, text = "" } = orderNotification.sources.en;
  const whole = compileMjml(builtinLayout.mjml.replace(content, () => mjml));
  const parsed = {
    subject: plain.parse(subject),
    preheader: plain.parse(preheader),
    html: html.parse(filterByContext(whole, "html")),
    text: plain.parse(builtinLayout.text.replace(content, () => text)),
  };
  const data = checkedData(orderNotification, orderNotification.example);
  const names = { locale: "en", brand: brandScope({}), product: null };
  const nodemailer = createTransport({ streamTransport: true, buffer: true, newline: "windows" });
  return {
    name: "order: liquidjs and nodemailer",
    run() {
      const head = { ...data, ...names };
      const options = { globals: { locale: "en" } };
      const line: string = plain.renderSync(parsed.subject, head, options);
      const scope = {
        ...head,
        subject: line,
        preheader: plain.renderSync(parsed.preheader, { ...head, subject: line }, options),
      };
      return nodemailer.sendMail({
        from: "Shop <shop@example.com>",
        to,
        subject: line.trim(),
        date: new Date(date),
        html: html.renderSync(parsed.html, scope, options),
        text: plain.renderSync(parsed.text, scope, options),
      });
    },
  };
}

/** Rendering and composing the built-in order notification with its three items. */
export async function templatesSuite(): Promise<Results> {
  const rates = await compare([services(), liquidAndNodemailer()]);
  return { rates, ratios: ratiosOf(rates, [["order: Sendwright", "order: liquidjs and nodemailer"]]) };
}
