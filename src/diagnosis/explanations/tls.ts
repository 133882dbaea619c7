import { clearAnswers, type ExplanationRule, privateHost, submission, submissions } from "./rule.ts";

/** A certificate can't prove that it is genuine: a person has to compare its fingerprint over another channel. */
const pin = {
  helps:
    "Compare the SHA-256 fingerprint {pinFingerprint} with the one that the server's administrator gives you. If they match, trust this certificate in the CA certificates field. It belongs to {pinSubject}, is valid until {pinValidTo}, and is the topmost one that the server sent.",
  isNotEnough:
    "Ask the server's administrator to replace the certificate. {faults} Trusting it isn't enough.",
} as const satisfies ExplanationRule["pin"];

/** STARTTLS, the handshake and the certificate. */
export const securingRules: readonly ExplanationRule[] = [
  {
    code: "starttls.missing_here",
    when: {
      code: ["smtp.starttls_missing"],
      host: privateHost,
    },
    title: "The server doesn't offer encryption",
    explanation:
      "{host} doesn't offer STARTTLS. Mail catchers for development and mail servers on the same machine often don't.",
    remedy: "Turn off Use TLS, for this server only. Nothing leaves this machine or its private network.",
    fix: { useTls: false },
    source:
      "RFC 3207 §4: STARTTLS is an offer in the reply to EHLO; Mailpit and MailHog listen in the clear by default",
  },
  {
    code: "starttls.missing",
    when: { code: ["smtp.starttls_missing"] },
    title: "The server doesn't offer STARTTLS",
    explanation:
      "{host} doesn't offer STARTTLS on port {port}. Use TLS requires encryption, so Sendwright stopped before it sent a password or an email.",
    remedy:
      "Use port 465 with implicit TLS if the provider supports it. Turn off Use TLS only for a server in your own network.",
    fix: submissions,
    source: "RFC 3207 §4 and §6: an active attacker can delete the offer; RFC 8314 §3.3",
  },
  {
    code: "starttls.injected",
    when: { stage: ["starttls"], code: ["smtp.protocol"] },
    title: "Something interferes with STARTTLS",
    explanation:
      "{host} agreed to STARTTLS, then sent unencrypted text. Sendwright stopped, because accepting it would let an attacker speak for the server.",
    remedy:
      "Use port 465 with implicit TLS. If a proxy or antivirus inspects mail here, exclude this server from it.",
    fix: submissions,
    source: "RFC 3207 §4.2; CVE-2011-0411 and CVE-2021-38371: plaintext injection around STARTTLS",
  },
  {
    code: "starttls.unavailable",
    when: { stage: ["starttls"], reply: [4] },
    title: "STARTTLS is temporarily unavailable",
    explanation: "{host} offers STARTTLS but couldn't start it: {said}.",
    remedy:
      "Try again in a few minutes. If it keeps failing, ask the server's administrator to check the certificate and configuration.",
    source: "RFC 3207 §4: 454 TLS not available due to temporary reason",
  },
  {
    code: "starttls.refused",
    when: { stage: ["starttls"], reply: [5] },
    title: "The server rejected STARTTLS",
    explanation: "{host} offered STARTTLS, then rejected it: {said}.",
    remedy: "Use port 465 with implicit TLS if the provider supports it, or tell the server's administrator.",
    fix: submissions,
    source: "RFC 3207 §4: 501 and other refusals",
  },
  {
    code: "starttls.clear_answer",
    when: { stage: ["tls"], tls: ["starttls"], systemCode: clearAnswers },
    title: "The server continued without encryption",
    explanation:
      "{host} agreed to STARTTLS on port {port}, then replied unencrypted instead of starting the TLS handshake. A server that can't encrypt often does this.",
    remedy:
      "Ask the server's administrator to check its certificate and log. If a proxy or antivirus inspects mail here, exclude this server from it.",
    source: "RFC 3207 §4: after 220 the TLS negotiation follows; OpenSSL SSL_R_WRONG_VERSION_NUMBER",
  },
  {
    code: "tls.starttls_expected_elsewhere",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      port: [465],
      systemCode: clearAnswers,
    },
    title: "Port 465 isn't encrypted on this server",
    explanation: "{host} replied unencrypted on port 465, where TLS should start.",
    remedy: "Use port 587 with STARTTLS.",
    fix: submission,
    guess: true,
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the reply is not a TLS record; RFC 8314 §7.3",
  },
  {
    code: "tls.port25_without_sign_in",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      port: [25],
      signsIn: true,
      systemCode: clearAnswers,
    },
    title: "Port 25 doesn't use implicit TLS",
    explanation:
      "Port 25 of {host} starts unencrypted. Servers use it to pass mail to each other, mostly without authentication.",
    remedy: "Use port 587 with STARTTLS, which is for sending with authentication.",
    fix: submission,
    guess: true,
    source: "RFC 6409 §3.1: submission is on 587; RFC 8314 §7.3",
  },
  {
    code: "tls.starttls_expected",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      systemCode: clearAnswers,
    },
    title: "This port expects STARTTLS",
    explanation:
      "{host} greets unencrypted on port {port} and expects STARTTLS, but Sendwright started with implicit TLS.",
    remedy: "Keep Use TLS on and set the TLS mode to STARTTLS.",
    fix: { useTls: true, tlsMode: "starttls" },
    guess: true,
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the reply is not a TLS record; RFC 3207, RFC 6409",
  },
  {
    code: "tls.clear_here",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      host: privateHost,
      systemCode: clearAnswers,
    },
    title: "The server doesn't offer encryption",
    explanation:
      "{host} replied unencrypted on port {port} and doesn't offer STARTTLS. Mail catchers for development and mail servers on the same machine often don't.",
    remedy: "Turn off Use TLS, for this server only. Nothing leaves this machine or its private network.",
    fix: { useTls: false },
    guess: true,
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the reply is not a TLS record; RFC 3207 §4",
  },
  {
    code: "tls.clear_only",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      systemCode: clearAnswers,
    },
    title: "This port doesn't support TLS",
    explanation:
      "{host} port {port} replied unencrypted, and STARTTLS didn't work there either. It may be the port of another service.",
    remedy:
      "Check the server and port. For outgoing mail, most providers use 587 (STARTTLS) or 465 (implicit TLS).",
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the reply is not a TLS record; RFC 8314 §3.3",
  },
  {
    code: "tls.self_signed",
    when: { systemCode: ["DEPTH_ZERO_SELF_SIGNED_CERT"] },
    title: "The certificate is self-signed",
    explanation:
      "No certificate authority signed the certificate of {host}, so Sendwright can't tell this server from an impostor.",
    remedy:
      "Compare the SHA-256 fingerprint {fingerprint} with the server's own. If this server is yours and they match, add its certificate to the CA certificates field of this config. Otherwise tell the server's administrator.",
    pin,
    source: "OpenSSL X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT; RFC 5280 §6.1",
  },
  {
    code: "tls.other_authority",
    when: {
      ownAuthority: true,
      systemCode: [
        "SELF_SIGNED_CERT_IN_CHAIN",
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "UNABLE_TO_GET_ISSUER_CERT",
      ],
    },
    title: "Another authority issued the certificate",
    explanation:
      "This config trusts only its CA certificates field, and {issuer} issued the certificate of {host}. Or the server doesn't send its intermediate certificates.",
    remedy:
      "Clear the CA certificates field if the server has a public certificate. Otherwise enter the certificate (PEM) of its authority there.",
    pin,
    source:
      "OpenSSL X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE; Node tls.createSecureContext(): ca replaces the public authorities",
  },
  {
    code: "tls.private_authority",
    when: { systemCode: ["SELF_SIGNED_CERT_IN_CHAIN"] },
    title: "Unknown certificate authority",
    explanation:
      "The certificate of {host} comes from {issuer}, an authority that this machine doesn't trust. It may belong to your organization, or to a proxy that decrypts mail.",
    remedy:
      "Add the certificate (PEM) of this authority to the CA certificates field of this config, if you know the authority.",
    pin,
    source: "OpenSSL X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN; RFC 5280 §6.1",
  },
  {
    code: "tls.unknown_authority",
    when: {
      systemCode: [
        "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
        "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
        "UNABLE_TO_GET_ISSUER_CERT",
        "CERT_UNTRUSTED",
        "CERT_REJECTED",
        "CERT_SIGNATURE_FAILURE",
        "INVALID_CA",
      ],
    },
    title: "Unknown certificate authority",
    explanation:
      "The certificate of {host} was issued by {issuer}, which this machine doesn't trust. The authority is private, or the server doesn't send its intermediate certificates.",
    remedy:
      "Add the certificate (PEM) of this authority to the CA certificates field of this config, if you know the authority. Otherwise ask the server's administrator to install the full certificate chain.",
    pin,
    source:
      "OpenSSL X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, …_UNABLE_TO_GET_ISSUER_CERT_LOCALLY; RFC 5280 §6.1",
  },
  {
    code: "tls.expired",
    when: { systemCode: ["CERT_HAS_EXPIRED"] },
    title: "The certificate has expired",
    explanation:
      "A certificate in the chain of {host} has expired. The server's own certificate is valid until {validTo}.",
    remedy:
      "Ask the server's administrator to renew it. If that date is in the future, check this machine's clock too.",
    source: "OpenSSL X509_V_ERR_CERT_HAS_EXPIRED; RFC 5280 §4.1.2.5",
  },
  {
    code: "tls.not_yet_valid",
    when: { systemCode: ["CERT_NOT_YET_VALID"] },
    title: "The certificate isn't valid yet",
    explanation: "The certificate of {host} is valid only from {validFrom}.",
    remedy:
      "Check this machine's date and time. If they are right, ask the server's administrator to replace the certificate.",
    source: "OpenSSL X509_V_ERR_CERT_NOT_YET_VALID; RFC 5280 §4.1.2.5",
  },
  {
    code: "tls.address_as_name",
    when: { addressAsName: true },
    title: "The certificate lists the address wrongly",
    explanation:
      "The certificate of {host} lists the address as a DNS name. It must list an address as an IP address to be valid for {host}.",
    remedy:
      "Ask the server's administrator for a certificate with the subjectAltName IP:{host}. Or enter the server's host name, if the certificate has it too.",
    source: "RFC 5280 §4.2.1.6: an address is an iPAddress in the subjectAltName; RFC 9525 §6.4",
  },
  {
    // The names alone are no fix, because an attacker in between could show a valid certificate of its own.
    // A name that resolves to the same address and verifies there is tried as an alternative.
    code: "tls.wrong_name",
    when: { systemCode: ["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"] },
    title: "The certificate is for another name",
    explanation: "{host} showed a certificate that is valid for: {names}.",
    remedy:
      "Enter one of these names as the SMTP server, if you know that it belongs to your provider. Otherwise you may be connected to another server.",
    source: "Node ERR_TLS_CERT_ALTNAME_INVALID; RFC 9525 §6; RFC 8314 §4.1",
  },
  {
    code: "tls.wrong_purpose",
    when: { systemCode: ["INVALID_PURPOSE", "PATH_LENGTH_EXCEEDED"] },
    title: "The certificate isn't for servers",
    explanation: "The certificate of {host} wasn't issued for a server ({systemCode}).",
    remedy: "Ask the server's administrator to install a server certificate.",
    source: "OpenSSL X509_V_ERR_INVALID_PURPOSE; RFC 5280 §4.2.1.12",
  },
  {
    code: "tls.weak_certificate",
    when: {
      systemCode: [
        "ERR_SSL_EE_KEY_TOO_SMALL",
        "ERR_SSL_CA_KEY_TOO_SMALL",
        "ERR_SSL_CA_MD_TOO_WEAK",
        "ERR_SSL_DH_KEY_TOO_SMALL",
      ],
    },
    title: "The server's keys are too weak",
    explanation: "The keys of {host} are no longer considered secure ({systemCode}).",
    remedy: "Ask the server's administrator to replace its certificate or its key exchange parameters.",
    source:
      "OpenSSL SSL_R_EE_KEY_TOO_SMALL, …_CA_MD_TOO_WEAK, …_DH_KEY_TOO_SMALL; SSL_CTX_set_security_level(3)",
  },
  {
    code: "tls.certificate_below_standard",
    when: { systemCode: ["UNSPECIFIED"] },
    title: "The certificate is too weak",
    explanation:
      "The certificate of {host}, or one in its chain, is too weak. Most likely its RSA key is shorter than 2048 bits, or it is signed with SHA-1.",
    remedy:
      "Ask the server's administrator to install a certificate with a stronger key and a SHA-256 signature.",
    source:
      "Node gives UNSPECIFIED for OpenSSL's X509_V_ERR_EE_KEY_TOO_SMALL, …_CA_KEY_TOO_SMALL, …_CA_MD_TOO_WEAK; SSL_CTX_set_security_level(3)",
  },
  {
    code: "tls.client_certificate",
    when: {
      systemCode: ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"],
    },
    title: "The server requires a client certificate",
    explanation:
      "{host} accepts only clients that show their own certificate, which Sendwright doesn't support.",
    remedy:
      "Use the server's port for authentication with a password (587 or 465). Or ask the server's administrator not to require a client certificate.",
    source: "RFC 8446 §6.2: alert certificate_required; OpenSSL SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  },
  {
    code: "tls.client_certificate_said",
    when: { reply: [4, 5], says: /client certificate/i },
    title: "The server requires a client certificate",
    explanation:
      "{host} accepts only clients that show their own certificate, which Sendwright doesn't support: {said}.",
    remedy:
      "Use the server's port for authentication with a password (587 or 465). Or ask the server's administrator not to require a client certificate.",
    source: "Postfix smtpd_tls_req_ccert “421 4.7.1 … Error: No client certificate presented”",
  },
  {
    code: "tls.hung_up_after",
    when: { stage: ["greeting", "ehlo"], code: ["smtp.closed"], encrypted: true },
    title: "Connection closed after the TLS handshake",
    explanation:
      "{host} set up TLS, then closed the connection without a reply. Servers that require a client certificate do this.",
    remedy:
      "Check the server's own log, or ask the server's administrator not to require a client certificate. Sendwright doesn't show one.",
    source:
      "RFC 8446 §4.4.2: in TLS 1.3 the client's certificate is judged after the handshake; Exim tls_verify_hosts, aiosmtpd",
  },
  {
    code: "tls.server_fault",
    when: { systemCode: ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "ERR_SSL_TLSV1_UNRECOGNIZED_NAME"] },
    title: "TLS is broken on the server",
    explanation:
      "{host} port {port} ended the TLS handshake with its own error ({systemCode}). Often it can't use its certificate or key, or has none for this name.",
    remedy:
      "Enter the server's own name if {host} is an IP address or alias. Otherwise ask the server's administrator to check its log and certificate.",
    source:
      "RFC 8446 §6.2: alerts internal_error and unrecognized_name; OpenSMTPD with a key that it cannot use",
  },
  {
    code: "tls.too_old",
    when: {
      systemCode: [
        "ERR_SSL_UNSUPPORTED_PROTOCOL",
        "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION",
        "ERR_SSL_VERSION_TOO_LOW",
        "ERR_SSL_WRONG_SSL_VERSION",
      ],
    },
    title: "The server's TLS version is too old",
    explanation:
      "{host} supports only TLS versions that are no longer secure. Sendwright requires TLS 1.2 or newer.",
    remedy: "Ask the server's administrator to update the server or allow TLS 1.2.",
    source: "OpenSSL SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_TLSV1_ALERT_PROTOCOL_VERSION; RFC 8996; RFC 8314 §4.1",
  },
  {
    code: "tls.no_common_cipher",
    when: {
      systemCode: [
        "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE",
        "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE",
        "ERR_SSL_NO_SHARED_CIPHER",
      ],
    },
    title: "No TLS cipher in common",
    explanation:
      "{host} and Sendwright found no cipher that both accept. The server may also lack a certificate, or require one from its clients.",
    remedy:
      "Ask the server's administrator to check its certificate, allow modern ciphers and not require a client certificate.",
    source: "RFC 8446 §6.2: alert handshake_failure; OpenSSL SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE",
  },
  {
    code: "tls.interrupted_starttls",
    when: { stage: ["tls"], code: ["smtp.closed", "smtp.timeout"], tls: ["starttls"] },
    title: "The TLS handshake was interrupted",
    explanation:
      "{host} agreed to STARTTLS, then closed the connection or stopped responding during the handshake. It may support only TLS versions before 1.2, require a client certificate, or have no certificate for this name.",
    remedy:
      "Enter the server's own name if {host} is an IP address or alias. Otherwise check the server's own log, or ask its administrator. A firewall in between can also cause this.",
    source: "RFC 8446 §6.1: a connection closed without an alert; aiosmtpd closes like this",
  },
  {
    code: "tls.interrupted",
    when: { stage: ["tls"], code: ["smtp.closed", "smtp.timeout"] },
    title: "The TLS handshake was interrupted",
    explanation:
      "{host} port {port} closed the connection or stopped responding during the TLS handshake. It may support only TLS versions before 1.2, require a client certificate, or have no certificate for this name.",
    remedy:
      "Enter the server's own name if {host} is an IP address or alias. Otherwise check the server's own log, or ask its administrator. A firewall in between can also cause this.",
    source: "RFC 8446 §6.1: a connection closed without an alert; Node ECONNRESET; aiosmtpd closes like this",
  },
  {
    code: "tls.failed",
    when: { code: ["smtp.tls"] },
    title: "TLS handshake failed",
    explanation: "The TLS handshake with {host} port {port} failed ({systemCode}).",
    remedy:
      "Check that this port matches the TLS mode. If it does, send this code to the server's administrator.",
    source: "OpenSSL error codes, as named by Node",
  },
];
