import { z } from "zod";
import type { Template } from "../engine/template.ts";
import { code, name, productName, requestFields, validMinutes } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { factsMjml, factsText, greetingMjml, greetingText, requestFacts } from "./parts.ts";

const schema = z.strictObject({
  name,
  code: code(),
  validMinutes: validMinutes(1440),
  ...requestFields,
  productName,
});

interface Words {
  readonly subject: string;
  readonly heading: string;
  readonly use: string;
  readonly validity: string;
  readonly neverAsked: string;
  readonly ignore: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "Your {% if product %}{{ product }} {% endif %}sign-in code",
    heading: "Your sign-in code",
    use: "Enter this code to sign in{% if product %} to {{ product }}{% endif %}:",
    validity: "The code expires in {{ validMinutes | minutes }} and can be used once.",
    neverAsked: "We never ask for this code by phone, email or chat. Don’t share it with anyone.",
    ignore: "You can ignore this email. Without the code, no one can sign in.",
  },
  de: {
    subject: "Ihr Anmeldecode{% if product %} für {{ product }}{% endif %}",
    heading: "Ihr Anmeldecode",
    use: "Mit diesem Code melden Sie sich{% if product %} bei {{ product }}{% endif %} an:",
    validity: "Der Code ist {{ validMinutes | minutes }} gültig und kann nur einmal verwendet werden.",
    neverAsked:
      "Wir fragen nie am Telefon, per E-Mail oder im Chat nach diesem Code. Geben Sie ihn an niemanden weiter.",
    ignore: "Dann können Sie diese E-Mail ignorieren. Ohne den Code kann sich niemand anmelden.",
  },
  fr: {
    subject: "Votre code de connexion{% if product %} {{ product }}{% endif %}",
    heading: "Votre code de connexion",
    use: "Saisissez ce code pour vous connecter{% if product %} à {{ product }}{% endif %}\u202f:",
    validity:
      "Ce code est valable pendant {{ validMinutes | minutes }} et ne peut être utilisé qu’une seule fois.",
    neverAsked:
      "Nous ne demandons jamais ce code par téléphone, par e-mail ou par messagerie. Ne le communiquez à personne.",
    ignore: "Vous pouvez ignorer cet e-mail. Sans ce code, personne ne peut se connecter.",
  },
  es: {
    subject: "Su código de acceso{% if product %} a {{ product }}{% endif %}",
    heading: "Su código de acceso",
    use: "Introduzca este código para acceder{% if product %} a {{ product }}{% endif %}:",
    validity: "El código es válido durante {{ validMinutes | minutes }} y solo se puede usar una vez.",
    neverAsked: "Nunca pedimos este código por teléfono, correo o chat. No se lo dé a nadie.",
    ignore: "Puede ignorar este correo. Sin el código, nadie puede acceder.",
  },
  ja: {
    subject: "{% if product %}{{ product }}の{% endif %}ログインコード",
    heading: "ログインコード",
    use: "{% if product %}{{ product }}に{% endif %}ログインするには、次のコードを入力してください。",
    validity: "コードの有効期限は{{ validMinutes | minutes }}で、一度だけ使用できます。",
    neverAsked:
      "電話、メール、チャットなどでこのコードをお尋ねすることは決してありません。誰にも教えないでください。",
    ignore: "このメールは無視していただいて構いません。コードがなければ、誰もログインできません。",
  },
};

/** A code for signing in. `{ code }` is enough. The subject does not contain it, because the email log shows subjects. */
export const signInCode = {
  name: "sign-in-code",
  description: "A code for signing in",
  sensitive: true,
  expiresAfterMs: 15 * 60 * 1000,
  schema,
  example: {
    name: "Jo",
    code: "481902",
    validMinutes: 10,
    device: "Firefox (Linux)",
    place: "Lyon, France",
    time: "2026-03-01T09:30:00+01:00",
    timeZone: "Europe/Paris",
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: word.subject,
    preheader: `{{ code }}{% if validMinutes %} · ${word.validity}{% endif %}`,
    mjml: `<mj-text><h1>${word.heading}</h1></mj-text>
${greetingMjml(common)}
<mj-text padding="0">${word.use}</mj-text>
<mj-text mj-class="code">{{ code }}</mj-text>
{% if validMinutes %}
<mj-text>${word.validity}</mj-text>
{% endif %}
<mj-text>${word.neverAsked}</mj-text>
<mj-divider />
{% if time or device or place %}
<mj-text padding="0 0 8px"><h2>${common.aboutRequest}</h2></mj-text>
${factsMjml(requestFacts(common))}
{% endif %}
<mj-text padding="0 0 8px"><h2>${common.notRequested}</h2></mj-text>
<mj-text mj-class="quiet">${word.ignore}</mj-text>`,
    text: `${word.heading}

${greetingText(common)}${word.use}

    {{ code }}

{% if validMinutes %}${word.validity}

{% endif %}${word.neverAsked}

{% if time or device or place %}${common.aboutRequest}
${factsText(requestFacts(common), common)}
{% endif %}${common.notRequested}
${word.ignore}`,
  })),
} satisfies Template;
