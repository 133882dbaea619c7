import { z } from "zod";
import { line, moment } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { productName, readersTimeZone } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { type Fact, factsMjml, factsText } from "./parts.ts";

const schema = z.strictObject({
  server: line(255).optional().describe("The SMTP server that took the email"),
  port: z.int().min(1).max(65_535).optional().describe("Its port"),
  encryption: line(100).optional().describe("How the connection was secured, such as TLS 1.3"),
  time: moment().optional().describe("When the test was made, as in RFC 3339"),
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
    heading: "Your email settings work",
    preheader: "The server accepted this email, and it arrived.",
    works: "This email arrived, so your SMTP settings work: the server was reached and took it for delivery.",
    why: "It was sent because somebody pressed “Test connection”. There is nothing you need to do.",
    server: "Server",
    port: "Port",
    encryption: "Encryption",
  },
  de: {
    subject: "{% if product %}{{ product }}: {% endif %}Test-E-Mail",
    heading: "Ihre E-Mail-Einstellungen funktionieren",
    preheader: "Der Server hat diese E-Mail angenommen, und sie ist angekommen.",
    works:
      "Diese E-Mail ist angekommen, Ihre SMTP-Einstellungen funktionieren also: Der Server war erreichbar und hat sie zur Zustellung angenommen.",
    why: "Sie wurde gesendet, weil jemand „Verbindung testen“ gewählt hat. Sie brauchen nichts zu tun.",
    server: "Server",
    port: "Port",
    encryption: "Verschlüsselung",
  },
  fr: {
    subject: "{% if product %}{{ product }}\u00a0: {% endif %}e-mail de test",
    heading: "Vos paramètres SMTP fonctionnent",
    preheader: "Le serveur a accepté cet e-mail, et il est arrivé.",
    works: "Cet e-mail est arrivé\u00a0: le serveur a répondu et l’a accepté pour distribution.",
    why: "Il a été envoyé parce que quelqu’un a choisi «\u00a0Tester la connexion\u00a0». Vous n’avez rien à faire.",
    server: "Serveur",
    port: "Port",
    encryption: "Chiffrement",
  },
  es: {
    subject: "{% if product %}{{ product }}: {% endif %}correo de prueba",
    heading: "Su configuración de correo funciona",
    preheader: "El servidor ha aceptado este correo y ha llegado.",
    works:
      "Este correo ha llegado, así que su configuración SMTP funciona: el servidor ha respondido y lo ha aceptado para su entrega.",
    why: "Se ha enviado porque alguien ha pulsado «Probar conexión». No tiene que hacer nada.",
    server: "Servidor",
    port: "Puerto",
    encryption: "Cifrado",
  },
  ja: {
    subject: "{% if product %}{{ product }}：{% endif %}テストメール",
    heading: "メール設定は正常です",
    preheader: "サーバーがこのメールを受け付け、無事に届きました。",
    works:
      "このメールが届いたので、SMTPの設定は正しく機能しています。サーバーに接続でき、配信が受け付けられました。",
    why: "このメールは、どなたかが「接続テスト」を実行したために送信されました。対応は必要ありません。",
    server: "サーバー",
    port: "ポート",
    encryption: "暗号化",
  },
};

/** What a test of the connection sends. All data is optional. */
export const testEmail = {
  name: "test-email",
  description: "What a test of the SMTP settings sends",
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
