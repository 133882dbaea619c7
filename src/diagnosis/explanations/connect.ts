import { type ExplanationRule, loopback, privateHost, submission, submissions } from "./rule.ts";

/** Everything from the lookup of the server's name to its answer to EHLO. */
export const reachingRules: readonly ExplanationRule[] = [
  {
    code: "resolve.unknown_host",
    when: { code: ["smtp.resolve"], systemCode: ["ENOTFOUND"] },
    title: "SMTP server not found",
    explanation: "The DNS server that this machine uses doesn't know the name {host}.",
    remedy: "Check the spelling of the SMTP server. A name in your own network must resolve on this machine.",
    source: "Node dns.lookup(): ENOTFOUND is getaddrinfo(3) EAI_NONAME or EAI_NODATA",
  },
  {
    code: "resolve.dns_unavailable",
    when: {
      code: ["smtp.resolve", "smtp.timeout"],
      systemCode: ["EAI_AGAIN", "EAI_FAIL", "ESERVFAIL", "EREFUSED", "ETIMEOUT", "ECONNREFUSED"],
      stage: ["resolve"],
    },
    title: "The DNS server didn't respond",
    explanation:
      "This machine couldn't look up {host}, because its DNS server didn't respond ({systemCode}).",
    remedy:
      "Check the spelling of the SMTP server, then this machine's network and DNS settings. In a container, check the container's settings too.",
    source: "getaddrinfo(3): EAI_AGAIN; c-ares: ESERVFAIL, ETIMEOUT",
  },
  {
    code: "resolve.timed_out",
    when: { code: ["smtp.timeout"], stage: ["resolve"] },
    title: "DNS lookup timed out",
    explanation: "The DNS server that this machine uses didn't return the address of {host} in time.",
    remedy: "Check this machine's network and DNS settings, then try again.",
    source: "RFC 1035 §4.2.1: a resolver asks again until its own limits",
  },
  {
    code: "resolve.no_address",
    when: { code: ["smtp.resolve"] },
    title: "The server name has no address",
    explanation: "The name {host} exists, but has no IP address that this machine can connect to.",
    remedy:
      "Enter the name of the outgoing (SMTP) server, which often isn't the domain of the email address.",
    source: "RFC 2308 §2.2: NODATA; RFC 7505: a domain that doesn't accept mail",
  },
  {
    code: "egress.refused",
    when: { code: ["egress.refused"] },
    title: "Sendwright isn't allowed to connect",
    explanation: "The rules of this installation don't allow connections to {host} port {port}.",
    remedy:
      "Use a public mail server on a usual port (587 or 465), or ask the administrator of this installation to allow this one.",
    source: "RFC 6890 special-purpose addresses; SENDWRIGHT_EGRESS",
  },
  {
    code: "connect.refused_here",
    when: { stage: ["connect"], systemCode: ["ECONNREFUSED"], host: loopback },
    title: "Nothing listens on this local port",
    explanation:
      "{host} is the machine or container that Sendwright runs on, and nothing there listens on port {port}.",
    remedy:
      "Start the mail server and check the port. If Sendwright runs in a container, enter the mail server's own name instead of {host}.",
    source: "connect(2) ECONNREFUSED; RFC 6761 §6.3: localhost is the same machine",
  },
  {
    code: "connect.refused",
    when: { stage: ["connect"], systemCode: ["ECONNREFUSED"] },
    title: "The port is closed",
    explanation: "{host} refused the connection on port {port}, so no mail server listens there.",
    remedy: "Check the port. Most providers use 587 (STARTTLS) or 465 (implicit TLS).",
    source: "connect(2) ECONNREFUSED; RFC 8314 §7",
  },
  {
    code: "connect.port25_blocked",
    when: { stage: ["connect"], code: ["smtp.timeout"], port: [25] },
    title: "Port 25 is probably blocked",
    explanation:
      "{host} didn't respond on port 25. Most hosting and internet providers block this port to prevent spam.",
    remedy:
      "Use port 587 with STARTTLS, or 465. Both are for sending with authentication and are rarely blocked.",
    fix: submission,
    source:
      "AWS, Google Cloud, Azure, DigitalOcean and Hetzner document that outgoing port 25 is blocked by default; RFC 6409 §3.1",
  },
  {
    code: "connect.port465_filtered",
    when: { stage: ["connect"], code: ["smtp.timeout"], port: [465] },
    title: "No response on port 465",
    explanation:
      "{host} didn't respond on port 465. A firewall or the hosting provider drops the connection.",
    remedy:
      "Use port 587 with STARTTLS. If that doesn't respond either, the hosting provider blocks mail: use port 2525, or ask the provider.",
    fix: submission,
    source:
      "DigitalOcean and Hetzner document that outgoing ports 25 and 465 are blocked; connect(2) ETIMEDOUT",
  },
  {
    code: "connect.filtered",
    when: { stage: ["connect"], code: ["smtp.timeout"] },
    title: "No response on this port",
    explanation:
      "{host} didn't respond on port {port}. A firewall drops the connection, or the server is down.",
    remedy:
      "Check the server and port. If they are right, allow outgoing connections to this port in the firewall. Many providers also listen on port 2525.",
    source: "connect(2) ETIMEDOUT; RFC 9293 §3.10.7.1: a closed port would respond with a reset",
  },
  {
    code: "connect.unreachable",
    when: { stage: ["connect"], systemCode: ["EHOSTUNREACH", "ENETUNREACH", "ENETDOWN", "EADDRNOTAVAIL"] },
    title: "Can't reach the SMTP server",
    explanation: "This machine has no network route to any address of {host} ({systemCode}).",
    remedy:
      "Check this machine's network, VPN and IPv6 settings. Check too that the server's address is meant to be reachable from here.",
    source: "connect(2) EHOSTUNREACH, ENETUNREACH; ip(7) EADDRNOTAVAIL",
  },
  {
    code: "connect.forbidden",
    when: { stage: ["connect"], systemCode: ["EACCES", "EPERM"] },
    title: "This machine blocked the connection",
    explanation:
      "The operating system of this machine didn't let Sendwright connect to {host} port {port} ({systemCode}).",
    remedy:
      "Allow outgoing connections to this port in the local firewall, or in the security profile that Sendwright runs under.",
    source: "connect(2) EACCES and EPERM: a local firewall rule",
  },
  {
    code: "connect.failed",
    when: { stage: ["connect"], code: ["smtp.connect"] },
    title: "Can't connect to the SMTP server",
    explanation: "Sendwright couldn't connect to {host} port {port} ({systemCode}).",
    remedy: "Check the server and port, and whether a firewall blocks the connection.",
    source: "connect(2)",
  },
  {
    code: "port.pop_or_imap_tls",
    when: { stage: ["tls", "greeting"], port: [993, 995] },
    title: "This port is for reading mail",
    explanation: "Mail programs use port {port} to fetch mail (IMAP or POP), not to send it.",
    remedy: "Use port 465 on the outgoing (SMTP) server.",
    fix: submissions,
    source: "IANA port numbers 993 imaps, 995 pop3s; RFC 8314 §7.3: 465 submissions",
  },
  {
    code: "port.pop_or_imap",
    when: { stage: ["tls", "greeting"], port: [110, 143] },
    title: "This port is for reading mail",
    explanation: "Mail programs use port {port} to fetch mail (IMAP or POP), not to send it.",
    remedy: "Use port 587 with STARTTLS on the outgoing (SMTP) server.",
    fix: submission,
    source: "IANA port numbers 110 pop3, 143 imap; RFC 6409 §3.1: 587 submission",
  },
  {
    code: "port.web",
    when: { stage: ["tls", "greeting"], port: [80, 443] },
    title: "This port is for web pages",
    explanation: "Web servers listen on port {port}, and mail servers don't.",
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
    title: "This port expects implicit TLS",
    explanation: "Port 465 expects TLS from the start, but Sendwright waited for an unencrypted greeting.",
    remedy: "Turn on Use TLS and set the TLS mode to implicit TLS.",
    fix: { useTls: true, tlsMode: "implicit" },
    guess: true,
    source: "RFC 8314 §3.3 and §7.3: 465 is implicit TLS",
  },
  {
    code: "tls.implicit_perhaps",
    when: { stage: ["greeting"], code: ["smtp.timeout", "smtp.closed"], tls: ["starttls", "none"] },
    title: "This port expects implicit TLS",
    explanation:
      "{host} port {port} accepted the connection but sent no greeting, because it waits for TLS to start first.",
    remedy: "Turn on Use TLS and set the TLS mode to implicit TLS.",
    fix: { useTls: true, tlsMode: "implicit" },
    guess: true,
    source: "RFC 5321 §3.1: the server speaks first; RFC 8314 §3.3: with implicit TLS, the client does",
  },
  {
    code: "greeting.silent",
    when: { stage: ["greeting"], code: ["smtp.timeout"] },
    title: "The server didn't greet in time",
    explanation:
      "{host} port {port} accepted the connection but didn't send a complete greeting. It may delay unknown clients on purpose (a tarpit), be overloaded, or not be a mail server.",
    remedy:
      "Check the server and port. If they are right, ask the server's administrator to let this machine in without delay.",
    source: "RFC 5321 §3.1 and §4.3.1: the server speaks first",
  },
  {
    code: "greeting.hung_up",
    when: { stage: ["greeting"], code: ["smtp.closed"], encrypted: false },
    title: "The server closed the connection",
    explanation:
      "{host} port {port} accepted the connection and closed it at once. It may be broken, starting up, closed to this machine, or a proxy without a mail server behind it.",
    remedy:
      "Check the server and port, then the log of the mail server. Or ask the server's administrator to allow this machine's IP address.",
    source:
      "RFC 5321 §3.1: the server speaks first; Postfix smtpd ends like this when its sign-in service is away; hosts_access(5)",
  },
  {
    code: "greeting.not_smtp",
    when: { stage: ["greeting"], code: ["smtp.protocol"] },
    title: "This isn't an SMTP server",
    explanation:
      "The server on {host} port {port} doesn't speak SMTP. It may be for reading mail (IMAP, POP), for web pages or something else.",
    remedy:
      "Check the server and port. For outgoing mail, most providers use 587 (STARTTLS) or 465 (implicit TLS).",
    source: "RFC 5321 §4.2: a greeting is a three-digit reply",
  },
  {
    code: "greeting.busy",
    when: { stage: ["greeting"], reply: [4] },
    title: "The SMTP server is busy",
    explanation:
      "{host} temporarily rejected the connection: {said}. It is busy, or has too many connections from this machine.",
    remedy:
      "Try again in a few minutes. If it keeps happening, lower the maximum connections in this config.",
    source: "RFC 5321 §3.1 and §4.3.2: 421 in place of a greeting",
  },
  {
    code: "greeting.refused",
    when: { stage: ["greeting"], reply: [5] },
    title: "The SMTP server rejected the connection",
    explanation:
      "{host} rejected the connection: {said}. It doesn't accept mail from this machine, or doesn't accept mail at all.",
    remedy:
      "Use port 587 or 465 with authentication, or ask the server's administrator to allow this machine's IP address.",
    source:
      "RFC 5321 §3.1 and RFC 7504 §3: 554 or 521 in place of a greeting; Exim “554 SMTP service not available”",
  },
  {
    code: "ehlo.no_extensions_here",
    when: { stage: ["ehlo"], reply: [500, 502], tls: ["starttls"], host: privateHost },
    title: "The server doesn't offer encryption",
    explanation: "{host} doesn't support EHLO, so it can't offer STARTTLS: {said}.",
    remedy: "Turn off Use TLS, for this server only. It's on this machine or in its private network.",
    fix: { useTls: false },
    source: "RFC 5321 §3.2: servers without extensions know HELO only; RFC 3207 §4",
  },
  {
    code: "ehlo.no_extensions",
    when: { stage: ["ehlo"], reply: [500, 502], tls: ["starttls", "implicit"] },
    title: "The server doesn't support EHLO",
    explanation:
      "{host} port {port} doesn't support EHLO, so it offers neither STARTTLS nor authentication: {said}.",
    remedy:
      "Check the server and port. If they are right, ask the server's administrator to update it. An old firewall in between can also cause this.",
    source: "RFC 5321 §3.2: 500 or 502 to EHLO",
  },
  {
    code: "ehlo.name_refused",
    when: {
      stage: ["ehlo"],
      reply: [5],
      says: /helo|ehlo|hostname|host name|domain|invalid name|argument|fqdn|fully/i,
    },
    title: "The server rejected the EHLO name",
    explanation: "{host} rejected the host name that Sendwright sent with EHLO: {said}.",
    remedy:
      "Set the EHLO name in this config to a full host name that exists in the DNS, such as mail.example.com. The domain of the From email often works.",
    source:
      "RFC 5321 §4.1.1.1 and §4.1.4; Postfix reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname, reject_unknown_helo_hostname; Exim “501 Syntactically invalid EHLO argument(s)”, “550 EHLO argument does not match calling host”",
  },
  {
    code: "ehlo.name_refused_later",
    when: { stage: ["sender", "recipient"], reply: [4, 5], says: /\b(?:helo|ehlo)\b/i },
    title: "The server rejected the EHLO name",
    explanation: "{host} rejected the host name that Sendwright sent with EHLO: {said}.",
    remedy:
      "Set the EHLO name in this config to a full host name that exists in the DNS, such as mail.example.com. The domain of the From email often works.",
    source:
      "Postfix “550 5.7.1 <…>: Helo command rejected: …”, with smtpd_delay_reject=yes (default) after RCPT",
  },
  {
    code: "ehlo.refused",
    when: { stage: ["ehlo"], reply: [5] },
    title: "The SMTP server rejected this machine",
    explanation: "{host} rejected this machine when Sendwright sent EHLO: {said}.",
    remedy: "Ask the server's administrator to allow this machine, or set another EHLO name in this config.",
    source: "RFC 5321 §4.3.2: EHLO may get the reply 504, 550 or 502",
  },
  {
    code: "ehlo.not_now",
    when: { stage: ["ehlo"], reply: [450, 451, 452] },
    title: "The server temporarily rejected this machine",
    explanation: "{host} asked Sendwright to try again later when it sent EHLO: {said}.",
    remedy:
      "Try again in a few minutes. If it keeps failing, set the EHLO name in this config to a full host name that exists in the DNS. Or ask the server's administrator.",
    source: "RFC 5321 §4.2.1: 4yz; Exim “451 Temporary local problem - please try later”",
  },
];
