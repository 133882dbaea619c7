import { z } from "zod";
import { line, webLink } from "../engine/fields.ts";
import type { Template } from "../engine/template.ts";
import { code, name, productName, validMinutes } from "./common-fields.ts";
import { type InEveryLocale, sourcesIn } from "./locales.ts";
import { greetingMjml, greetingText } from "./parts.ts";

const schema = z
  .strictObject({
    name,
    address: line(320).optional().describe("The email address that is to be confirmed"),
    url: webLink().optional().describe("The page that confirms the address, with its token"),
    code: code().optional(),
    validMinutes: validMinutes(43_200),
    productName,
  })
  .refine((data) => data.url !== undefined || data.code !== undefined, {
    path: ["url"],
    error: "must be given where there is no code",
  });

interface Words {
  readonly subject: string;
  readonly heading: string;
  readonly preheader: string;
  readonly request: string;
  readonly button: string;
  readonly code: string;
  readonly orCode: string;
  readonly validity: string;
  readonly ignore: string;
}

const words: InEveryLocale<Words> = {
  en: {
    subject: "Confirm your email address{% if product %} for {{ product }}{% endif %}",
    heading: "Confirm your email address",
    preheader: "One more step, and we know that this address is yours.",
    request:
      "Please confirm that {% if address %}{{ address }}{% else %}this address{% endif %} is yours{% if product %}, so that you can use it with {{ product }}{% endif %}.",
    button: "Confirm address",
    code: "Your code:",
    orCode: "Or type in this code:",
    validity: "It works for {{ validMinutes | minutes }}.",
    ignore:
      "You did not ask for this? Then somebody may have mistyped an address: ignore this email, and nothing happens.",
  },
  de: {
    subject: "Bestätigen Sie Ihre E-Mail-Adresse{% if product %} für {{ product }}{% endif %}",
    heading: "Bestätigen Sie Ihre E-Mail-Adresse",
    preheader: "Nur noch ein Schritt, dann wissen wir, dass die Adresse Ihnen gehört.",
    request:
      "Bitte bestätigen Sie, dass {% if address %}{{ address }}{% else %}diese Adresse{% endif %} Ihnen gehört{% if product %}, damit Sie sie bei {{ product }} verwenden können{% endif %}.",
    button: "Adresse bestätigen",
    code: "Ihr Code:",
    orCode: "Oder geben Sie diesen Code ein:",
    validity: "Gültig für {{ validMinutes | minutes }}.",
    ignore:
      "Sie haben das nicht angefordert? Dann hat sich vermutlich jemand vertippt: Beachten Sie diese E-Mail nicht weiter, es geschieht nichts.",
  },
  fr: {
    subject: "Confirmez votre adresse e-mail{% if product %} pour {{ product }}{% endif %}",
    heading: "Confirmez votre adresse e-mail",
    preheader: "Plus qu’une étape pour vérifier que cette adresse est bien la vôtre.",
    request:
      "Veuillez confirmer que {% if address %}l’adresse {{ address }}{% else %}cette adresse{% endif %} est bien la vôtre{% if product %}, afin de pouvoir l’utiliser avec {{ product }}{% endif %}.",
    button: "Confirmer l’adresse",
    code: "Votre code\u00a0:",
    orCode: "Ou saisissez ce code\u00a0:",
    validity: "Valable {{ validMinutes | minutes }}.",
    ignore:
      "Vous n’avez rien demandé\u00a0? Quelqu’un a sans doute fait une faute de frappe\u00a0: ne tenez pas compte de cet e-mail, il ne se passera rien.",
  },
  es: {
    subject: "Confirme su dirección de correo{% if product %} para {{ product }}{% endif %}",
    heading: "Confirme su dirección de correo",
    preheader: "Un paso más y sabremos que esta dirección es suya.",
    request:
      "Confirme que {% if address %}la dirección {{ address }}{% else %}esta dirección{% endif %} es suya{% if product %} para poder usarla con {{ product }}{% endif %}.",
    button: "Confirmar la dirección",
    code: "Su código:",
    orCode: "O introduzca este código:",
    validity: "Válido durante {{ validMinutes | minutes }}.",
    ignore:
      "¿No lo ha solicitado usted? Es probable que alguien se haya equivocado al escribir: ignore este correo y no ocurrirá nada.",
  },
  ja: {
    subject: "{% if product %}{{ product }}：{% endif %}メールアドレスの確認",
    heading: "メールアドレスの確認",
    preheader: "あと一歩で確認が完了します。",
    request:
      "{% if product %}{{ product }}でご利用いただくため、{% endif %}{% if address %}{{ address }}{% else %}このメールアドレス{% endif %}がご本人のものであることをご確認ください。",
    button: "メールアドレスを確認する",
    code: "確認コード：",
    orCode: "または、次のコードを入力してください。",
    validity: "有効期限は{{ validMinutes | minutes }}です。",
    ignore:
      "お心当たりがない場合は、どなたかがアドレスを誤って入力された可能性があります。このメールは無視していただいて構いません。",
  },
};

/** A link or a code (or both) that shows that an address is the reader's. */
export const emailVerification = {
  name: "email-verification",
  description: "A link or a code that confirms an email address",
  sensitive: true,
  expiresAfterMs: 60 * 60 * 1000,
  schema,
  example: {
    name: "Jo",
    address: "jo@example.com",
    url: "https://app.example.com/confirm?token=9b1d47c2f05e4a6d",
    code: "481902",
    validMinutes: 60,
  } satisfies z.input<typeof schema>,
  sources: sourcesIn(words, (word, common) => ({
    subject: word.subject,
    preheader: word.preheader,
    mjml: `<mj-text><h1>${word.heading}</h1></mj-text>
${greetingMjml(common)}
<mj-text>${word.request}</mj-text>
{% if url %}
<mj-button href="{{ url }}">${word.button}</mj-button>
{% endif %}
{% if code %}
<mj-text padding="0">{% if url %}${word.orCode}{% else %}${word.code}{% endif %}</mj-text>
<mj-text mj-class="code">{{ code }}</mj-text>
{% endif %}
{% if validMinutes %}
<mj-text>${word.validity}</mj-text>
{% endif %}
{% if url %}
<mj-text mj-class="quiet">
  ${common.copyLink}<br />
  <a class="break" href="{{ url }}">{{ url }}</a>
</mj-text>
{% endif %}
<mj-divider />
<mj-text mj-class="quiet">${word.ignore}</mj-text>`,
    text: `${word.heading}

${greetingText(common)}${word.request}

{% if url %}{{ url }}

{% endif %}{% if code %}{% if url %}${word.orCode}{% else %}${word.code}{% endif %}

    {{ code }}

{% endif %}{% if validMinutes %}${word.validity}

{% endif %}${word.ignore}`,
  })),
} satisfies Template;
