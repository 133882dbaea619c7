import { clearAnswers, type ExplanationRule, privateHost, submission, submissions } from "./rule.ts";

/** A certificate cannot prove that it is genuine: a person has to compare its fingerprint over another channel. */
const pin = {
  helps:
    "The topmost certificate that it sent is that of {pinSubject}, valid until {pinValidTo}, with the SHA-256 fingerprint {pinFingerprint}. Compare this with the fingerprint that whoever runs the server tells you, and only if they are the same let this config trust it (CA field).",
  isNotEnough: "Trusting it would not be enough. {faults} Tell whoever runs the server.",
} as const satisfies ExplanationRule["pin"];

/** STARTTLS, the handshake and the certificate. */
export const securingRules: readonly ExplanationRule[] = [
  {
    code: "starttls.missing_here",
    when: {
      code: ["smtp.starttls_missing"],
      host: privateHost,
    },
    title: "The server offers no encryption",
    explanation:
      "{host} does not offer STARTTLS. Mail catchers for development and mail servers on the same machine often do not.",
    remedy: "Switch Use TLS off, for this server only: nothing leaves this machine or its private network.",
    fix: { useTls: false },
    source:
      "RFC 3207 §4: STARTTLS is an offer in the answer to EHLO; Mailpit and MailHog listen in the clear by default",
  },
  {
    code: "starttls.missing",
    when: { code: ["smtp.starttls_missing"] },
    title: "The server offers no STARTTLS",
    explanation:
      "{host} does not offer to encrypt the connection on port {port}. Sendwright stopped before it sent a password or an email: Use TLS means required.",
    remedy:
      "Use port 465 with TLS from the start if the provider has it. Switch Use TLS off only for a server in your own network.",
    fix: submissions,
    source: "RFC 3207 §4 and §6: an active attacker can delete the offer; RFC 8314 §3.3",
  },
  {
    code: "starttls.injected",
    when: { stage: ["starttls"], code: ["smtp.protocol"] },
    title: "Something interferes with STARTTLS",
    explanation:
      "After agreeing to encrypt, {host} went on to send text in the clear. Taking it for encrypted would let an attacker in between speak for the server.",
    remedy:
      "Use port 465 with TLS from the start. If a proxy or an antivirus inspects mail here, leave this server out of it.",
    fix: submissions,
    source: "RFC 3207 §4.2; CVE-2011-0411 and CVE-2021-38371: plaintext injection around STARTTLS",
  },
  {
    code: "starttls.unavailable",
    when: { stage: ["starttls"], reply: [4] },
    title: "The server cannot encrypt at the moment",
    explanation: "{host} offers STARTTLS but could not begin: {said}.",
    remedy:
      "Try again in a few minutes. If it stays, the server's certificate or its set-up is broken: tell whoever runs it.",
    source: "RFC 3207 §4: 454 TLS not available due to temporary reason",
  },
  {
    code: "starttls.refused",
    when: { stage: ["starttls"], reply: [5] },
    title: "The server refuses STARTTLS",
    explanation: "{host} offers STARTTLS and then refuses it: {said}.",
    remedy: "Use port 465 with TLS from the start if the provider has it, or tell whoever runs the server.",
    fix: submissions,
    source: "RFC 3207 §4: 501 and other refusals",
  },
  {
    code: "starttls.clear_answer",
    when: { stage: ["tls"], tls: ["starttls"], systemCode: clearAnswers },
    title: "The server went on unencrypted",
    explanation:
      "{host} agreed to STARTTLS on port {port} and then answered in the clear instead of starting the TLS handshake.",
    remedy:
      "Ask the server's administrator to check its certificate and its log: a server that can't encrypt often does this. If a proxy or an antivirus inspects mail here, leave this server out of it.",
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
    title: "The server does not encrypt on this port",
    explanation: "Port 465 of {host} answers in the clear where encryption should begin.",
    remedy: "Use port 587 with STARTTLS.",
    fix: submission,
    guess: true,
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the answer is no TLS record; RFC 8314 §7.3",
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
    title: "Port 25 does not encrypt from the start",
    explanation:
      "Port 25 of {host} begins in the clear. It is where servers pass mail to each other, mostly without a sign-in.",
    remedy: "Use port 587 with STARTTLS, which is for sending with a sign-in.",
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
    title: "This port begins without encryption",
    explanation:
      "{host} greets in the clear on port {port} and expects STARTTLS, while Sendwright began with TLS from the start.",
    remedy: "Keep Use TLS on and switch from TLS from the start (implicit) to STARTTLS.",
    fix: { useTls: true, tlsMode: "starttls" },
    guess: true,
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the answer is no TLS record; RFC 3207, RFC 6409",
  },
  {
    code: "tls.clear_here",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      host: privateHost,
      systemCode: clearAnswers,
    },
    title: "The server offers no encryption",
    explanation:
      "{host} speaks in the clear on port {port} and offers no STARTTLS. Mail catchers for development and mail servers on the same machine often do not.",
    remedy: "Switch Use TLS off, for this server only: nothing leaves this machine or its private network.",
    fix: { useTls: false },
    guess: true,
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the answer is no TLS record; RFC 3207 §4",
  },
  {
    code: "tls.clear_only",
    when: {
      stage: ["tls"],
      tls: ["implicit"],
      systemCode: clearAnswers,
    },
    title: "This port does not encrypt",
    explanation:
      "{host} port {port} answers in the clear, and no STARTTLS came about there either. It may be the port of another service.",
    remedy:
      "Check server and port: outgoing mail is usually taken on 587 (STARTTLS) or 465 (TLS from the start).",
    source: "OpenSSL SSL_R_WRONG_VERSION_NUMBER: the answer is no TLS record; RFC 8314 §3.3",
  },
  {
    code: "tls.self_signed",
    when: { systemCode: ["DEPTH_ZERO_SELF_SIGNED_CERT"] },
    title: "The certificate is self-signed",
    explanation:
      "{host} vouches for itself: no authority signed its certificate, so that Sendwright cannot tell it from an impostor's.",
    remedy:
      "If this server is yours, put its certificate into the CA field of this config after comparing the SHA-256 fingerprint {fingerprint} with the server's own. Else tell whoever runs it.",
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
    title: "The certificate comes from another authority",
    explanation:
      "This config trusts only what its CA field names, and the certificate of {host} was issued by another authority: {issuer}. Or the server leaves out the certificates in between.",
    remedy:
      "Clear the CA field if the server has a public certificate; else put the certificate (PEM) of its authority there.",
    pin,
    source:
      "OpenSSL X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE; Node tls.createSecureContext(): ca replaces the public authorities",
  },
  {
    code: "tls.private_authority",
    when: { systemCode: ["SELF_SIGNED_CERT_IN_CHAIN"] },
    title: "The certificate comes from an unknown authority",
    explanation:
      "The certificate of {host} leads to an authority that this machine does not know: {issuer}. It may be your organisation's own, or that of a proxy that opens encrypted mail.",
    remedy: "If you know this authority, put its certificate (PEM) into the CA field of this config.",
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
    title: "The certificate comes from an unknown authority",
    explanation:
      "The certificate of {host} was issued by {issuer}, and nothing that this machine trusts leads there. Either the authority is a private one, or the server leaves out the certificates in between.",
    remedy:
      "If you know this authority, put its certificate (PEM) into the CA field of this config. Else whoever runs the server should install its full chain.",
    pin,
    source:
      "OpenSSL X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, …_UNABLE_TO_GET_ISSUER_CERT_LOCALLY; RFC 5280 §6.1",
  },
  {
    code: "tls.expired",
    when: { systemCode: ["CERT_HAS_EXPIRED"] },
    title: "The certificate has expired",
    explanation: "A certificate that {host} shows is past its end. Its own was issued until {validTo}.",
    remedy:
      "Whoever runs the server must renew it. If the date is yet to come, this machine's clock is wrong.",
    source: "OpenSSL X509_V_ERR_CERT_HAS_EXPIRED; RFC 5280 §4.1.2.5",
  },
  {
    code: "tls.not_yet_valid",
    when: { systemCode: ["CERT_NOT_YET_VALID"] },
    title: "The certificate is not valid yet",
    explanation: "The certificate of {host} is valid only from {validFrom}.",
    remedy:
      "Check this machine's date and time first. If they are right, whoever runs the server must replace the certificate.",
    source: "OpenSSL X509_V_ERR_CERT_NOT_YET_VALID; RFC 5280 §4.1.2.5",
  },
  {
    code: "tls.address_as_name",
    when: { addressAsName: true },
    title: "The certificate has the address as a name",
    explanation:
      "The certificate of {host} has the address as a DNS name. An address counts only if it stands in the certificate as an IP address, so this one is not for {host}.",
    remedy:
      "Ask the server's administrator for a certificate with the subjectAltName IP:{host}. Or enter the server's host name, if the certificate has that too.",
    source: "RFC 5280 §4.2.1.6: an address is an iPAddress in the subjectAltName; RFC 9525 §6.4",
  },
  {
    // The names alone are no fix, because an attacker in between could show a valid certificate of its own.
    // A name that resolves to the same address and verifies there is tried as an alternative.
    code: "tls.wrong_name",
    when: { systemCode: ["ERR_TLS_CERT_ALTNAME_INVALID", "HOSTNAME_MISMATCH"] },
    title: "The certificate is for another name",
    explanation: "The certificate shown by {host} is valid for: {names}.",
    remedy:
      "Enter the server by one of these names if you know it to be your provider's. Else you may be talking to another server.",
    source: "Node ERR_TLS_CERT_ALTNAME_INVALID; RFC 9525 §6; RFC 8314 §4.1",
  },
  {
    code: "tls.wrong_purpose",
    when: { systemCode: ["INVALID_PURPOSE", "PATH_LENGTH_EXCEEDED"] },
    title: "The certificate is not for servers",
    explanation: "The certificate of {host} was not issued for a server ({systemCode}).",
    remedy: "Whoever runs the server must install a server certificate.",
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
    explanation: "The keys of {host} no longer count as safe ({systemCode}).",
    remedy: "Whoever runs the server must replace its certificate or its key exchange parameters.",
    source:
      "OpenSSL SSL_R_EE_KEY_TOO_SMALL, …_CA_MD_TOO_WEAK, …_DH_KEY_TOO_SMALL; SSL_CTX_set_security_level(3)",
  },
  {
    code: "tls.certificate_below_standard",
    when: { systemCode: ["UNSPECIFIED"] },
    title: "The certificate is too weak",
    explanation:
      "The certificate of {host}, or one that it rests on, does not meet today's rules: most likely its RSA key is shorter than 2048 bits, or it is signed with SHA-1.",
    remedy: "Whoever runs the server must install a certificate with a stronger key and a SHA-256 signature.",
    source:
      "Node gives UNSPECIFIED for OpenSSL's X509_V_ERR_EE_KEY_TOO_SMALL, …_CA_KEY_TOO_SMALL, …_CA_MD_TOO_WEAK; SSL_CTX_set_security_level(3)",
  },
  {
    code: "tls.client_certificate",
    when: {
      systemCode: ["ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"],
    },
    title: "The server wants a certificate from its clients",
    explanation:
      "{host} lets in only clients that show a certificate of their own, which Sendwright does not do.",
    remedy:
      "Use the server's port for clients that sign in with a password (587 or 465), or have it ask for no client certificate.",
    source: "RFC 8446 §6.2: alert certificate_required; OpenSSL SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED",
  },
  {
    code: "tls.client_certificate_said",
    when: { reply: [4, 5], says: /client certificate/i },
    title: "The server wants a certificate from its clients",
    explanation:
      "{host} lets in only clients that show a certificate of their own, which Sendwright does not do: {said}.",
    remedy:
      "Use the server's port for clients that sign in with a password (587 or 465), or have it ask for no client certificate.",
    source: "Postfix smtpd_tls_req_ccert “421 4.7.1 … Error: No client certificate presented”",
  },
  {
    code: "tls.hung_up_after",
    when: { stage: ["greeting", "ehlo"], code: ["smtp.closed"], encrypted: true },
    title: "The server hung up after the handshake",
    explanation:
      "Encryption was set up, and then {host} closed the connection without a word. Servers that want a certificate from their clients do so.",
    remedy:
      "Look into the server's own log, or ask whoever runs it: it must ask for no client certificate, as Sendwright shows none.",
    source:
      "RFC 8446 §4.4.2: in TLS 1.3 the client's certificate is judged after the handshake; Exim tls_verify_hosts, aiosmtpd",
  },
  {
    code: "tls.server_fault",
    when: { systemCode: ["ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR", "ERR_SSL_TLSV1_UNRECOGNIZED_NAME"] },
    title: "The server's encryption is broken",
    explanation:
      "{host} port {port} ended the handshake with an error of its own ({systemCode}). Often it cannot use its certificate or key, or has none for this name.",
    remedy:
      "If {host} is an IP address or an alias, enter the server's proper name. Else whoever runs it must look into its log and mend its certificate.",
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
    title: "The server's encryption is too old",
    explanation: "{host} speaks no version of TLS that is still safe. Sendwright needs TLS 1.2 or newer.",
    remedy: "Whoever runs the server must update it or allow TLS 1.2.",
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
    title: "The server knows no common cipher",
    explanation:
      "{host} and Sendwright found no way to encrypt that both accept. The server may also lack a certificate, or want one from its clients.",
    remedy:
      "Whoever runs the server must check its certificate, allow modern ciphers, and ask for no client certificate.",
    source: "RFC 8446 §6.2: alert handshake_failure; OpenSSL SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE",
  },
  {
    code: "tls.interrupted_starttls",
    when: { stage: ["tls"], code: ["smtp.closed", "smtp.timeout"], tls: ["starttls"] },
    title: "The handshake was cut off",
    explanation:
      "{host} agreed to STARTTLS and then ended the connection, or fell silent, in the middle of the handshake. Perhaps it knows only versions of TLS before 1.2, wants a client certificate, or has no certificate for this name.",
    remedy:
      "If {host} is an IP address or an alias, enter the server's proper name. Else look into the server's own log, or ask whoever runs it; a firewall in between may also cut it.",
    source: "RFC 8446 §6.1: a connection closed without an alert; aiosmtpd closes like this",
  },
  {
    code: "tls.interrupted",
    when: { stage: ["tls"], code: ["smtp.closed", "smtp.timeout"] },
    title: "The handshake was cut off",
    explanation:
      "{host} port {port} ended the connection, or fell silent, in the middle of setting up encryption. Perhaps it knows only versions of TLS before 1.2, wants a client certificate, or has no certificate for this name.",
    remedy:
      "If {host} is an IP address or an alias, enter the server's proper name. Otherwise look into the server's own log, or ask its administrator. A firewall in between may also cut it.",
    source: "RFC 8446 §6.1: a connection closed without an alert; Node ECONNRESET; aiosmtpd closes like this",
  },
  {
    code: "tls.failed",
    when: { code: ["smtp.tls"] },
    title: "Encryption could not be set up",
    explanation: "The TLS handshake with {host} port {port} failed ({systemCode}).",
    remedy:
      "Check that this port is for the chosen kind of TLS. If it is, show this code to whoever runs the server.",
    source: "OpenSSL error codes, as named by Node",
  },
];
