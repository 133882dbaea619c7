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
        news: "Your order {{ orderNumber }} is confirmed. We will tell you when it is on its way.",
      },
      shipped: {
        subject: "Your order {{ orderNumber }} has been shipped",
        heading: "Your order is on its way",
        news: "Your order {{ orderNumber }} has been shipped and is on its way to you.",
      },
      delivered: {
        subject: "Your order {{ orderNumber }} has been delivered",
        heading: "Your order has arrived",
        news: "Your order {{ orderNumber }} has been delivered. We hope that everything is as you expected.",
      },
      cancelled: {
        subject: "Your order {{ orderNumber }} has been cancelled",
        heading: "Your order is cancelled",
        news: "Your order {{ orderNumber }} has been cancelled. Nothing will be sent. If this surprises you, please get in touch with us.",
      },
    },
    preheader:
      '{{ items | sum: "quantity" | plural: one: "# item", other: "# items" }}, {{ totals.total | money: currency }} in all',
    order: "Order {{ orderNumber }}",
    carrier: "Carrier",
    trackingNumber: "Tracking number",
    track: "Track your parcel",
    view: "View your order",
    subtotal: "Subtotal",
    discount: "Discount",
    shipping: "Shipping",
    tax: "Tax",
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
        news: "Ihre Bestellung {{ orderNumber }} wurde zugestellt. Wir hoffen, dass alles Ihren Erwartungen entspricht.",
      },
      cancelled: {
        subject: "Ihre Bestellung {{ orderNumber }} wurde storniert",
        heading: "Ihre Bestellung ist storniert",
        news: "Ihre Bestellung {{ orderNumber }} wurde storniert. Es wird nichts verschickt. Falls Sie das überrascht, melden Sie sich bitte bei uns.",
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
    tax: "MwSt.",
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
        news: "Votre commande {{ orderNumber }} a été expédiée et est en route vers vous.",
      },
      delivered: {
        subject: "Votre commande {{ orderNumber }} a été livrée",
        heading: "Votre commande est arrivée",
        news: "Votre commande {{ orderNumber }} a été livrée. Nous espérons qu’elle vous donne entière satisfaction.",
      },
      cancelled: {
        subject: "Votre commande {{ orderNumber }} a été annulée",
        heading: "Votre commande est annulée",
        news: "Votre commande {{ orderNumber }} a été annulée. Rien ne sera expédié. Si cela vous surprend, n’hésitez pas à nous contacter.",
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
    tax: "TVA",
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
        news: "Su pedido {{ orderNumber }} ha sido entregado. Esperamos que todo sea de su agrado.",
      },
      cancelled: {
        subject: "Su pedido {{ orderNumber }} ha sido cancelado",
        heading: "Su pedido está cancelado",
        news: "Su pedido {{ orderNumber }} ha sido cancelado. No se enviará nada. Si no lo esperaba, póngase en contacto con nosotros.",
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
        news: "ご注文（番号 {{ orderNumber }}）の商品をお届けいたしました。ご満足いただけましたら幸いです。",
      },
      cancelled: {
        subject: "ご注文 {{ orderNumber }} はキャンセルされました",
        heading: "ご注文はキャンセルされました",
        news: "ご注文（番号 {{ orderNumber }}）はキャンセルされました。商品は発送されません。お心当たりがない場合は、お問い合わせください。",
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
    tax: "税",
    total: "合計",
    shippingAddress: "お届け先",
  },
};
