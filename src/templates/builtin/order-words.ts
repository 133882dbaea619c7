import type { InEveryLocale } from "./locales.ts";

export const orderStatuses = ["confirmed", "shipped", "delivered", "cancelled"] as const;

export type OrderStatus = (typeof orderStatuses)[number];

export interface OrderWords {
  readonly status: Readonly<Record<OrderStatus, StatusWords>>;
  readonly preheader: string;
  readonly order: string;
  readonly carrier: string;
  readonly trackingNumber: string;
  readonly track: string;
  readonly view: string;
  readonly subtotal: string;
  readonly discount: string;
  readonly shipping: string;
  readonly tax: string;
  /** The same if the prices contain it. */
  readonly includedTax: string;
  readonly total: string;
  readonly shippingAddress: string;
}

/** What a status says. */
interface StatusWords {
  readonly subject: string;
  readonly heading: string;
  readonly news: string;
}

export const orderWords: InEveryLocale<OrderWords> = {
  en: {
    status: {
      confirmed: {
        subject: "Your order {{ orderNumber }} is confirmed",
        heading: "Thank you for your order",
        news: "Your order {{ orderNumber }} is confirmed. We’ll let you know when it ships.",
      },
      shipped: {
        subject: "Your order {{ orderNumber }} has shipped",
        heading: "Your order is on its way",
        news: "Your order {{ orderNumber }} has shipped and is on its way to you.",
      },
      delivered: {
        subject: "Your order {{ orderNumber }} has been delivered",
        heading: "Your order has arrived",
        news: "Your order {{ orderNumber }} has been delivered. If anything is missing or damaged, contact us.",
      },
      cancelled: {
        subject: "Your order {{ orderNumber }} has been cancelled",
        heading: "Your order is cancelled",
        news: "Your order {{ orderNumber }} has been cancelled. If you didn’t request this or have a question about your payment, contact us.",
      },
    },
    preheader:
      '{{ items | sum: "quantity" | plural: one: "# item", other: "# items" }}, {{ totals.total | money: currency }} total',
    order: "Order {{ orderNumber }}",
    carrier: "Carrier",
    trackingNumber: "Tracking number",
    track: "Track your parcel",
    view: "View your order",
    subtotal: "Subtotal",
    discount: "Discount",
    shipping: "Shipping",
    tax: "Tax",
    includedTax: "Included tax",
    total: "Total",
    shippingAddress: "Shipping address",
  },
  de: {
    status: {
      confirmed: {
        subject: "Ihre Bestellung {{ orderNumber }} ist bestätigt",
        heading: "Vielen Dank für Ihre Bestellung",
        news: "Ihre Bestellung {{ orderNumber }} ist bestätigt. Sobald sie unterwegs ist, geben wir Ihnen Bescheid.",
      },
      shipped: {
        subject: "Ihre Bestellung {{ orderNumber }} wurde versandt",
        heading: "Ihre Bestellung ist unterwegs",
        news: "Ihre Bestellung {{ orderNumber }} wurde versandt und ist auf dem Weg zu Ihnen.",
      },
      delivered: {
        subject: "Ihre Bestellung {{ orderNumber }} wurde zugestellt",
        heading: "Ihre Bestellung ist angekommen",
        news: "Ihre Bestellung {{ orderNumber }} wurde zugestellt. Falls etwas fehlt oder beschädigt ist, melden Sie sich bitte bei uns.",
      },
      cancelled: {
        subject: "Ihre Bestellung {{ orderNumber }} wurde storniert",
        heading: "Ihre Bestellung ist storniert",
        news: "Ihre Bestellung {{ orderNumber }} wurde storniert. Falls Sie nicht selbst storniert haben oder Fragen zur Zahlung haben, melden Sie sich bitte bei uns.",
      },
    },
    preheader:
      '{{ items | sum: "quantity" | plural: one: "# Artikel", other: "# Artikel" }}, insgesamt {{ totals.total | money: currency }}',
    order: "Bestellung {{ orderNumber }}",
    carrier: "Versanddienst",
    trackingNumber: "Sendungsnummer",
    track: "Sendung verfolgen",
    view: "Bestellung ansehen",
    subtotal: "Zwischensumme",
    discount: "Rabatt",
    shipping: "Versand",
    tax: "Steuern",
    includedTax: "Enthaltene Steuern",
    total: "Gesamtbetrag",
    shippingAddress: "Lieferadresse",
  },
  fr: {
    status: {
      confirmed: {
        subject: "Votre commande {{ orderNumber }} est confirmée",
        heading: "Merci pour votre commande",
        news: "Votre commande {{ orderNumber }} est confirmée. Nous vous préviendrons dès son expédition.",
      },
      shipped: {
        subject: "Votre commande {{ orderNumber }} a été expédiée",
        heading: "Votre commande est en route",
        news: "Votre commande {{ orderNumber }} a été expédiée. Elle est en route.",
      },
      delivered: {
        subject: "Votre commande {{ orderNumber }} a été livrée",
        heading: "Votre commande est arrivée",
        news: "Votre commande {{ orderNumber }} a été livrée. S’il manque un article ou si un article est endommagé, contactez-nous.",
      },
      cancelled: {
        subject: "Votre commande {{ orderNumber }} a été annulée",
        heading: "Votre commande est annulée",
        news: "Votre commande {{ orderNumber }} a été annulée. Si vous n’êtes pas à l’origine de cette annulation ou si vous avez une question sur le paiement, contactez-nous.",
      },
    },
    preheader:
      '{{ items | sum: "quantity" | plural: one: "# article", other: "# articles" }}, {{ totals.total | money: currency }} au total',
    order: "Commande {{ orderNumber }}",
    carrier: "Transporteur",
    trackingNumber: "Numéro de suivi",
    track: "Suivre votre colis",
    view: "Voir votre commande",
    subtotal: "Sous-total",
    discount: "Remise",
    shipping: "Livraison",
    tax: "Taxes",
    includedTax: "Taxes incluses",
    total: "Total",
    shippingAddress: "Adresse de livraison",
  },
  es: {
    status: {
      confirmed: {
        subject: "Su pedido {{ orderNumber }} está confirmado",
        heading: "Gracias por su pedido",
        news: "Su pedido {{ orderNumber }} está confirmado. Le avisaremos cuando esté en camino.",
      },
      shipped: {
        subject: "Su pedido {{ orderNumber }} ha sido enviado",
        heading: "Su pedido está en camino",
        news: "Su pedido {{ orderNumber }} ha sido enviado y está en camino.",
      },
      delivered: {
        subject: "Su pedido {{ orderNumber }} ha sido entregado",
        heading: "Su pedido ha llegado",
        news: "Su pedido {{ orderNumber }} ha sido entregado. Si falta algo o está dañado, póngase en contacto con nosotros.",
      },
      cancelled: {
        subject: "Su pedido {{ orderNumber }} ha sido cancelado",
        heading: "Su pedido está cancelado",
        news: "Su pedido {{ orderNumber }} ha sido cancelado. Si no ha solicitado la cancelación o tiene alguna pregunta sobre el pago, póngase en contacto con nosotros.",
      },
    },
    preheader:
      '{{ items | sum: "quantity" | plural: one: "# artículo", other: "# artículos" }}, {{ totals.total | money: currency }} en total',
    order: "Pedido {{ orderNumber }}",
    carrier: "Transportista",
    trackingNumber: "Número de seguimiento",
    track: "Seguir el envío",
    view: "Ver su pedido",
    subtotal: "Subtotal",
    discount: "Descuento",
    shipping: "Envío",
    tax: "Impuestos",
    includedTax: "Impuestos incluidos",
    total: "Total",
    shippingAddress: "Dirección de envío",
  },
  ja: {
    status: {
      confirmed: {
        subject: "ご注文 {{ orderNumber }} を承りました",
        heading: "ご注文ありがとうございます",
        news: "ご注文（番号 {{ orderNumber }}）を承りました。発送いたしましたら、改めてお知らせいたします。",
      },
      shipped: {
        subject: "ご注文 {{ orderNumber }} を発送しました",
        heading: "ご注文の商品を発送しました",
        news: "ご注文（番号 {{ orderNumber }}）の商品を発送いたしました。お届けまでしばらくお待ちください。",
      },
      delivered: {
        subject: "ご注文 {{ orderNumber }} をお届けしました",
        heading: "ご注文の商品をお届けしました",
        news: "ご注文（番号 {{ orderNumber }}）の商品をお届けいたしました。商品の不足や破損がございましたら、お問い合わせください。",
      },
      cancelled: {
        subject: "ご注文 {{ orderNumber }} はキャンセルされました",
        heading: "ご注文はキャンセルされました",
        news: "ご注文（番号 {{ orderNumber }}）はキャンセルされました。お心当たりがない場合や、お支払いについてご不明な点がある場合は、お問い合わせください。",
      },
    },
    preheader: '商品{{ items | sum: "quantity" | number }}点、合計{{ totals.total | money: currency }}',
    order: "注文番号 {{ orderNumber }}",
    carrier: "配送業者",
    trackingNumber: "お問い合わせ番号",
    track: "荷物を追跡する",
    view: "注文内容を確認する",
    subtotal: "小計",
    discount: "割引",
    shipping: "送料",
    tax: "税金",
    includedTax: "内税",
    total: "合計",
    shippingAddress: "お届け先",
  },
};
