import { type ExplanationRule, loopback, privateHost, submission, submissions } from "./rule.ts";

/** Everything from the lookup of the server's name to its answer to EHLO. */
export const reachingRules: readonly ExplanationRule[] = [
  {
    code: "resolve.unknown_host",
    when: { code: ["smtp.resolve"], systemCode: ["ENOTFOUND"] },
    title: "There is no server of this name",
    explanation: "The name {host} is not known to the name service (DNS) that this machine asks.",
    remedy:
      "Check the spelling of the SMTP server. A name inside your own network must be known on this machine.",
    source: "Node dns.lookup(): ENOTFOUND is getaddrinfo(3) EAI_NONAME or EAI_NODATA",
  },
  {
    code: "resolve.dns_unavailable",
    when: {
      code: ["smtp.resolve", "smtp.timeout"],
      systemCode: ["EAI_AGAIN", "EAI_FAIL", "ESERVFAIL", "EREFUSED", "ETIMEOUT", "ECONNREFUSED"],
      stage: ["resolve"],
    },
    title: "The name service does not answer",
    explanation:
      "This machine could not look up {host}: its name service (DNS) gave no answer ({systemCode}).",
    remedy:
      "Check the spelling of the SMTP server, then this machine's network and DNS settings, in a container also those of the container.",
    source: "getaddrinfo(3): EAI_AGAIN; c-ares: ESERVFAIL, ETIMEOUT",
  },
  {
    code: "resolve.timed_out",
    when: { code: ["smtp.timeout"], stage: ["resolve"] },
    title: "Looking up the name takes too long",
    explanation: "The name service (DNS) that this machine asks did not tell the address of {host} in time.",
    remedy: "Check this machine's network and DNS settings, then try again.",
    source: "RFC 1035 §4.2.1: a resolver asks again until its own limits",
  },
  {
    code: "resolve.no_address",
    when: { code: ["smtp.resolve"] },
    title: "The name has no usable address",
    explanation: "The name {host} exists, but no address that this machine could connect to belongs to it.",
    remedy:
      "Enter the name of the outgoing (SMTP) server, which is often not the bare domain of the email address.",
    source: "RFC 2308 §2.2: NODATA; RFC 7505: a domain that takes no mail",
  },
  {
    code: "egress.refused",
    when: { code: ["egress.refused"] },
    title: "This server may not be reached from here",
    explanation: "The rules of this installation do not allow connections to {host} port {port}.",
    remedy:
      "Use a public mail server on a usual port (587 or 465), or ask whoever runs this installation to allow it.",
    source: "RFC 6890 special-purpose addresses; SENDWRIGHT_EGRESS",
  },
  {
    code: "connect.refused_here",
    when: { stage: ["connect"], systemCode: ["ECONNREFUSED"], host: loopback },
    title: "Nothing listens on this port of this machine",
    explanation:
      "{host} is the machine (or the container) that Sendwright itself runs on, and nothing there listens on port {port}.",
    remedy:
      "Start the mail server and check the port. If Sendwright runs in a container, enter the mail server's own name instead of {host}.",
    source: "connect(2) ECONNREFUSED; RFC 6761 §6.3: localhost is the same machine",
  },
  {
    code: "connect.refused",
    when: { stage: ["connect"], systemCode: ["ECONNREFUSED"] },
    title: "The port is closed",
    explanation: "{host} exists, but refuses connections on port {port}: no mail server listens there.",
    remedy: "Check the port. Providers usually take mail on 587 (STARTTLS) or 465 (TLS from the start).",
    source: "connect(2) ECONNREFUSED; RFC 8314 §7",
  },
  {
    code: "connect.port25_blocked",
    when: { stage: ["connect"], code: ["smtp.timeout"], port: [25] },
    title: "Port 25 is probably blocked",
    explanation:
      "No answer came from {host} on port 25. Most hosting and internet providers block this port against spam.",
    remedy:
      "Use port 587 with STARTTLS, or 465: they are meant for sending with a sign-in and are rarely blocked.",
    fix: submission,
    source:
      "AWS, Google Cloud, Azure, DigitalOcean and Hetzner document that outgoing port 25 is blocked by default; RFC 6409 §3.1",
  },
  {
    code: "connect.port465_filtered",
    when: { stage: ["connect"], code: ["smtp.timeout"], port: [465] },
    title: "No answer on port 465",
    explanation:
      "No answer came from {host} on port 465: a firewall or the hosting provider drops the connection.",
    remedy:
      "Try port 587 with STARTTLS. If that is silent too, the provider blocks mail: look for port 2525, or ask it.",
    fix: submission,
    source:
      "DigitalOcean and Hetzner document that outgoing ports 25 and 465 are blocked; connect(2) ETIMEDOUT",
  },
  {
    code: "connect.filtered",
    when: { stage: ["connect"], code: ["smtp.timeout"] },
    title: "No answer on this port",
    explanation:
      "No answer came from {host} on port {port}, not even a refusal: a firewall drops the connection, or the server is down.",
    remedy:
      "Check server and port. If they are right, allow outgoing connections to this port in the firewall; many relays also listen on 2525.",
    source: "connect(2) ETIMEDOUT; RFC 9293 §3.10.7.1: a closed port would answer with a reset",
  },
  {
    code: "connect.unreachable",
    when: { stage: ["connect"], systemCode: ["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL"] },
    title: "No way to this server",
    explanation: "This machine has no network route to any address of {host} ({systemCode}).",
    remedy:
      "Check this machine's network, VPN and IPv6 set-up, and that the server's address is meant to be reached from here.",
    source: "connect(2) EHOSTUNREACH, ENETUNREACH; ip(7) EADDRNOTAVAIL",
  },
  {
    code: "connect.forbidden",
    when: { stage: ["connect"], systemCode: ["EACCES", "EPERM"] },
    title: "A firewall on this machine forbids it",
    explanation:
      "The operating system of this machine does not let Sendwright connect to {host} port {port} ({systemCode}).",
    remedy:
      "Allow outgoing connections to this port in the local firewall or the sandbox that Sendwright runs in.",
    source: "connect(2) EACCES and EPERM: a local firewall rule",
  },
  {
    code: "connect.failed",
    when: { stage: ["connect"], code: ["smtp.connect"] },
    title: "The connection failed",
    explanation: "No connection to {host} port {port} came about ({systemCode}).",
    remedy: "Check server and port, and whether a firewall stands in between.",
    source: "connect(2)",
  },
  {
    code: "port.pop_or_imap_tls",
    when: { stage: ["tls", "greeting"], port: [993, 995] },
    title: "This is the port for reading mail",
    explanation: "Port {port} is where mail programs fetch mail (IMAP or POP), not where mail is sent.",
    remedy: "Use port 465 on the outgoing (SMTP) server.",
    fix: submissions,
    source: "IANA port numbers 993 imaps, 995 pop3s; RFC 8314 §7.3: 465 submissions",
  },
  {
    code: "port.pop_or_imap",
    when: { stage: ["tls", "greeting"], port: [110, 143] },
    title: "This is the port for reading mail",
    explanation: "Port {port} is where mail programs fetch mail (IMAP or POP), not where mail is sent.",
    remedy: "Use port 587 with STARTTLS on the outgoing (SMTP) server.",
    fix: submission,
    source: "IANA port numbers 110 pop3, 143 imap; RFC 6409 §3.1: 587 submission",
  },
  {
    code: "port.web",
    when: { stage: ["tls", "greeting"], port: [80, 443] },
    title: "This is the port of web pages",
    explanation: "Port {port} is where web servers listen, not where mail is sent.",
    remedy: "Use port 587 with STARTTLS on the outgoing (SMTP) server.",
    fix: submission,
    source: "IANA port numbers 80 http, 443 https; RFC 6409 §3.1: 587 submission",
  },
  {
    code: "tls.implicit_expected",
    when: {
      stage: ["greeting"],
      code: ["smtp.timeout", "smtp.closed"],
      port: [465],
      tls: ["starttls", "none"],
    },
    title: "This port expects TLS from the start",
    explanation:
      "Port 465 waits for encryption to begin before anything is said, while Sendwright waited for a greeting in the clear.",
    remedy: "Switch Use TLS on, with TLS from the start (implicit).",
    fix: { useTls: true, tlsMode: "implicit" },
    guess: true,
    source: "RFC 8314 §3.3 and §7.3: 465 is implicit TLS",
  },
  {
    code: "tls.implicit_perhaps",
    when: { stage: ["greeting"], code: ["smtp.timeout", "smtp.closed"], tls: ["starttls", "none"] },
    title: "This port expects TLS from the start",
    explanation:
      "{host} port {port} took the connection and said nothing in the clear, because it waits for encryption to begin first.",
    remedy: "Switch Use TLS on, with TLS from the start (implicit).",
    fix: { useTls: true, tlsMode: "implicit" },
    guess: true,
    source: "RFC 5321 §3.1: the server speaks first; RFC 8314 §3.3: with implicit TLS, the client does",
  },
  {
    code: "greeting.silent",
    when: { stage: ["greeting"], code: ["smtp.timeout"] },
    title: "The server does not greet in time",
    explanation:
      "{host} port {port} took the connection, but no whole greeting came. Either it makes unknown clients wait on purpose (a tarpit) or is overloaded, or it is no mail server.",
    remedy:
      "Check server and port. If they are right, ask whoever runs the server to let this machine in without delay.",
    source: "RFC 5321 §3.1 and §4.3.1: the server speaks first",
  },
  {
    code: "greeting.hung_up",
    when: { stage: ["greeting"], code: ["smtp.closed"], encrypted: false },
    title: "The server hung up without a greeting",
    explanation:
      "{host} port {port} took the connection and closed it at once: it is broken or starting up, does not serve this machine, or is only a proxy with no mail server behind it.",
    remedy:
      "Check server and port, then look into the log of the mail server there, or ask whoever runs it to allow this machine's address.",
    source:
      "RFC 5321 §3.1: the server speaks first; Postfix smtpd ends like this when its sign-in service is away; hosts_access(5)",
  },
  {
    code: "greeting.not_smtp",
    when: { stage: ["greeting"], code: ["smtp.protocol"] },
    title: "This is not an SMTP server",
    explanation:
      "What listens on {host} port {port} does not speak SMTP. It may be a server for reading mail (IMAP, POP), for web pages or something else.",
    remedy:
      "Check server and port: outgoing mail is usually taken on 587 (STARTTLS) or 465 (TLS from the start).",
    source: "RFC 5321 §4.2: a greeting is a three-digit reply",
  },
  {
    code: "greeting.busy",
    when: { stage: ["greeting"], reply: [4] },
    title: "The relay takes nobody at the moment",
    explanation:
      "{host} greets with a temporary refusal: {said}. It is busy, or has had too many connections from here.",
    remedy: "Try again in a few minutes. If it stays, allow fewer connections in this config.",
    source: "RFC 5321 §3.1 and §4.3.2: 421 in place of a greeting",
  },
  {
    code: "greeting.refused",
    when: { stage: ["greeting"], reply: [5] },
    title: "The relay refuses the connection",
    explanation:
      "{host} greets with a refusal: {said}. Either it does not serve this machine, or it takes no mail at all.",
    remedy:
      "Use the port for clients that sign in (587 or 465), or ask whoever runs the server to allow this machine's address.",
    source:
      "RFC 5321 §3.1 and RFC 7504 §3: 554 or 521 in place of a greeting; Exim “554 SMTP service not available”",
  },
  {
    code: "ehlo.no_extensions_here",
    when: { stage: ["ehlo"], reply: [500, 502], tls: ["starttls"], host: privateHost },
    title: "The server offers no encryption",
    explanation: "{host} is a simple server that knows no EHLO, and so no STARTTLS: {said}.",
    remedy: "Switch Use TLS off, for this server only: it is on this machine or in its private network.",
    fix: { useTls: false },
    source: "RFC 5321 §3.2: servers without extensions know HELO only; RFC 3207 §4",
  },
  {
    code: "ehlo.no_extensions",
    when: { stage: ["ehlo"], reply: [500, 502], tls: ["starttls", "implicit"] },
    title: "The server is too old to encrypt and sign in",
    explanation:
      "{host} port {port} knows no EHLO, without which there is neither STARTTLS nor a sign-in: {said}.",
    remedy:
      "Check server and port. If they are right, something in between may be crippling SMTP (an old firewall), or whoever runs the server must update it.",
    source: "RFC 5321 §3.2: 500 or 502 to EHLO",
  },
  {
    code: "ehlo.name_refused",
    when: {
      stage: ["ehlo"],
      reply: [5],
      says: /helo|ehlo|hostname|host name|domain|invalid name|argument|fqdn|fully/i,
    },
    title: "The relay does not accept our name",
    explanation: "{host} refuses the name with which Sendwright introduces itself: {said}.",
    remedy:
      "Set the EHLO name in this config to a full host name that is known in the DNS, such as mail.example.com. The domain of the from email will often do.",
    source:
      "RFC 5321 §4.1.1.1 and §4.1.4; Postfix reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname, reject_unknown_helo_hostname; Exim “501 Syntactically invalid EHLO argument(s)”, “550 EHLO argument does not match calling host”",
  },
  {
    code: "ehlo.name_refused_later",
    when: { stage: ["sender", "recipient"], reply: [4, 5], says: /\b(?:helo|ehlo)\b/i },
    title: "The relay does not accept our name",
    explanation: "{host} refuses the name with which Sendwright introduced itself: {said}.",
    remedy:
      "Set the EHLO name in this config to a full host name that is known in the DNS, such as mail.example.com. The domain of the from email will often do.",
    source:
      "Postfix “550 5.7.1 <…>: Helo command rejected: …”, with smtpd_delay_reject=yes (default) after RCPT",
  },
  {
    code: "ehlo.refused",
    when: { stage: ["ehlo"], reply: [5] },
    title: "The relay refuses to begin",
    explanation: "{host} refuses this machine as soon as it introduces itself: {said}.",
    remedy: "Ask whoever runs the server to allow this machine, or set another EHLO name in this config.",
    source: "RFC 5321 §4.3.2: EHLO may be answered 504, 550 or 502",
  },
  {
    code: "ehlo.not_now",
    when: { stage: ["ehlo"], reply: [450, 451, 452] },
    title: "The relay does not begin now",
    explanation: "{host} asks to come back later as soon as Sendwright introduces itself: {said}.",
    remedy:
      "Try again in a few minutes. If it stays, set the EHLO name in this config to a full host name that is known in the DNS, or ask whoever runs the server.",
    source: "RFC 5321 §4.2.1: 4yz; Exim “451 Temporary local problem - please try later”",
  },
];
