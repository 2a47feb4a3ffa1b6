/** The token formats that `credential-leak` knows, as their issuers document them: name → pattern (RE2 syntax). */
export const CREDENTIAL_FORMATS = {
  'anthropic-key': String.raw`\bsk-ant-[A-Za-z0-9_-]{20,}`,
  'aws-access-key-id': String.raw`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`,
  'azure-storage-key': String.raw`\bAccountKey=[A-Za-z0-9+/]{86}==`,
  'database-url': String.raw`\b(?:postgres(?:ql)?|mysql|mariadb|mongodb(?:\+srv)?|redis|rediss|amqp|amqps|mssql)://[^\s:/@]{0,100}:[^\s:/@]{1,100}@`,
  'digitalocean-token': String.raw`\bdo[opr]_v1_[a-f0-9]{64}\b`,
  'github-token': String.raw`\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59})\b`,
  'gitlab-token': String.raw`\bgl(?:pat|dt|rt|ptt|cbt|soat)-[A-Za-z0-9_-]{20,}`,
  'google-api-key': String.raw`\bAIza[A-Za-z0-9_-]{35}`,
  'huggingface-token': String.raw`\bhf_[A-Za-z0-9]{34,}\b`,
  'json-web-token': String.raw`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}`,
  'npm-token': String.raw`\bnpm_[A-Za-z0-9]{36}\b`,
  'openai-key': String.raw`\bsk-(?:(?:proj|svcacct|admin)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{32,})`,
  'private-key': String.raw`-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----`,
  'pypi-token': String.raw`\bpypi-AgEIcHlwaS5vcmc[A-Za-z0-9_-]{50,}`,
  'sendgrid-key': String.raw`\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}`,
  'shopify-token': String.raw`\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b`,
  'slack-token': String.raw`\bxox[abeoprs]-[A-Za-z0-9-]{10,}`,
  'slack-webhook': String.raw`\bhooks\.slack\.com/(?:services|workflows)/T[A-Za-z0-9]{5,}/[A-Za-z0-9]{5,}/[A-Za-z0-9]{10,}`,
  'stripe-key': String.raw`\b[rs]k_(?:live|test)_[A-Za-z0-9]{16,}`,
  'telegram-bot-token': String.raw`\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}\b`,
  'twilio-key': String.raw`\b(?:AC|SK)[a-f0-9]{32}\b`,
} as const;

export type CredentialFormat = keyof typeof CREDENTIAL_FORMATS;
