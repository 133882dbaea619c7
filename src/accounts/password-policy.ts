/** Characters of a password at least: long rather than odd (NIST SP 800-63B §3.1.1.2). */
export const minPasswordLength = 12;
