import { z } from "zod";
import { line, moment } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { productName, readersTimeZone } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { type Fact, factsMjml, factsText } from "./parts.ts";

const schema = z.strictObject({
  server: line(255).optional().describe("SMTP server that accepted the email"),
  port: z.int().min(1).max(65_535).optional().describe("Port of the SMTP server"),
  encryption: line(100).optional().describe("Encryption of the connection, such as TLS 1.3"),
  time: moment().optional().describe("Time of the test, as in RFC 3339"),
  timeZone: readersTimeZone,
  productName,
});

interface Words {
  readonly subject: string;
  readonly heading: string;
  readonly preheader: string;
  readonly works: string;
  readonly why: string;
  readonly server: string;
  readonly port: string;
  readonly encryption: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "{% if product %}{{ product }}: {% endif %}test email",
    heading: "Your SMTP settings work",
    preheader: "Your SMTP server accepted and delivered this email.",
    works: "This email arrived, so your SMTP settings work. Your SMTP server accepted and delivered it.",
    why: "This is a test email from your SMTP settings. You don’t need to do anything.",
    server: "Server",
    port: "Port",
    encryption: "Encryption",
  },
  de: {
    subject: "{% if product %}{{ product }}: {% endif %}Test-E-Mail",
    heading: "Ihre SMTP-Einstellungen funktionieren",
    preheader: "Der SMTP-Server hat diese E-Mail angenommen und zugestellt.",
    works:
      "Diese E-Mail ist angekommen, Ihre SMTP-Einstellungen funktionieren also. Der SMTP-Server hat sie angenommen und zugestellt.",
    why: "Dies ist eine Test-E-Mail aus den SMTP-Einstellungen. Sie müssen nichts tun.",
    server: "Server",
    port: "Port",
    encryption: "Verschlüsselung",
  },
  fr: {
    subject: "{% if product %}{{ product }}\u202f: {% endif %}e-mail de test",
    heading: "Vos paramètres SMTP fonctionnent",
    preheader: "Le serveur SMTP a accepté et remis cet e-mail.",
    works:
      "Cet e-mail est arrivé, vos paramètres SMTP fonctionnent donc. Le serveur SMTP l’a accepté et remis.",
    why: "Ceci est un e-mail de test envoyé depuis les paramètres SMTP. Vous n’avez rien à faire.",
    server: "Serveur",
    port: "Port",
    encryption: "Chiffrement",
  },
  es: {
    subject: "{% if product %}{{ product }}: {% endif %}correo de prueba",
    heading: "Su configuración SMTP funciona",
    preheader: "El servidor ha aceptado este correo, que ha llegado correctamente.",
    works:
      "Este correo ha llegado, así que su configuración SMTP funciona. El servidor SMTP lo ha aceptado y entregado.",
    why: "Este es un correo de prueba enviado desde la configuración SMTP. No tiene que hacer nada.",
    server: "Servidor",
    port: "Puerto",
    encryption: "Cifrado",
  },
  ja: {
    subject: "{% if product %}{{ product }}：{% endif %}テストメール",
    heading: "SMTP設定は正常です",
    preheader: "このメールはサーバーに受け付けられ、正常に届きました。",
    works:
      "このメールが届いていれば、SMTP設定は正しく機能しています。SMTPサーバーがこのメールを受け付け、配信しました。",
    why: "これはSMTP設定から送信されたテストメールです。対応は必要ありません。",
    server: "サーバー",
    port: "ポート",
    encryption: "暗号化",
  },
};

/** What a test of an SMTP config sends. All data is optional. */
export const testEmail = {
  name: "test-email",
  description: "Shows that an SMTP config works",
  sensitive: false,
  expiresAfterMs: null,
  schema,
  example: {
    server: "smtp.example.com",
    port: 587,
    encryption: "TLS 1.3",
    time: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => {
    const facts: readonly Fact[] = [
      { label: word.server, field: "server" },
      { label: word.port, field: "port" },
      { label: word.encryption, field: "encryption" },
      { label: common.time, field: "time", value: "{{ time | datetime: timeZone }}" },
    ];
    return {
      subject: word.subject,
      preheader: word.preheader,
      mjml: `<mj-text><h1>${word.heading}</h1></mj-text>
<mj-text>${word.works}</mj-text>
{% if server or port or encryption or time %}
${factsMjml(facts)}
{% endif %}
<mj-text mj-class="quiet">${word.why}</mj-text>`,
      text: `${word.heading}

${word.works}

{% if server or port or encryption or time %}${factsText(facts, common)}
{% endif %}${word.why}`,
    };
  }),
} satisfies Template;
