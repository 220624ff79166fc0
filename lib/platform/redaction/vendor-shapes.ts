import type { Span } from '#lib/platform/redaction/spans.ts'

/**
 * A secret that is recognized by its form. `source` is a regular expression that runs in linear
 * time; `accepts` is a second check.
 */
type Shape = { name: string; source: string; accepts?: (match: string) => boolean }

const shape = (name: string, source: string, accepts?: Shape['accepts']): Shape => ({ name, source, accepts })

// Words joined by hyphens are not a key. A key has a digit, or sixteen letters and digits in a row.
const isKey = (match: string) => (match.length >= 20 && /\d/.test(match)) || /[A-Za-z0-9]{16}/.test(match)
const hasDigit = (match: string) => /\d/.test(match)

/**
 * The token formats of well-known services. To add one, write its fixed prefix, then the class of
 * its characters with their minimum number. Add nothing after that, so that a failed match costs no
 * more than the minimum.
 */
const VENDOR_SHAPES: Shape[] = [
  shape('Switchboard', 'sw(?:b|[or])_[\\w-]{20,}'),
  shape('GitHub', 'gh[opusr]_[A-Za-z0-9_]{16,}'),
  shape('GitHub fine-grained', 'github_pat_[A-Za-z0-9_]{16,}'),
  shape('GitLab', 'gl(?:pat|ptt|dt|rt|rtr|cbt|ft|imt|soat|agent|oas|wt|ffct)-[\\w.-]{16,}'),
  shape('OpenAI, Anthropic, Stripe', '(?:sk|pk|rk)[-_][A-Za-z0-9_-]{16,}', isKey),
  shape('Stripe webhook', 'whsec_[A-Za-z0-9+/=]{16,}'),
  shape('AWS access key id', '(?:AKIA|ASIA|ABIA|ACCA|AROA|AIDA|AGPA|APKA)[A-Z0-9]{16}(?![A-Za-z0-9])'),
  shape('AWS Bedrock', 'ABSK[A-Za-z0-9+/=]{100,}'),
  shape('Google API', 'AIza[\\w-]{30,}'),
  shape('Google OAuth', 'ya29\\.[\\w-]{16,}|GOCSPX-[\\w-]{16,}|1//0[\\w-]{20,}'),
  shape('Slack', 'xox[abceoprs](?:\\.xox[bp])?-[\\w-]{10,}|xapp-\\d-[\\w-]{10,}'),
  shape('Slack webhook', 'hooks\\.slack\\.com/(?:services|workflows|triggers)/[\\w/-]{16,}'),
  shape('Discord webhook', '(?:discord|discordapp)\\.com/api/webhooks/\\d{6,}/[\\w-]{20,}'),
  shape('Discord bot', '[MNO][A-Za-z\\d_-]{23,30}\\.[\\w-]{6}\\.[\\w-]{27,}'),
  shape('Teams webhook', '[\\w-]{1,60}\\.webhook\\.office\\.com/webhookb2/[\\w@./-]{20,}'),
  shape('Telegram bot', '\\d{8,10}:AA[\\w-]{30,}'),
  shape('npm', 'npm_[A-Za-z0-9]{30,}'),
  shape('PyPI', 'pypi-AgE[\\w-]{16,}'),
  shape(
    'RubyGems, NuGet, crates.io',
    'rubygems_[a-f0-9]{40,}|oy2[a-z0-9]{43}(?![a-z0-9])|cio[A-Za-z0-9]{32}(?![A-Za-z0-9])',
    hasDigit,
  ),
  shape('Docker', 'dckr_(?:pat|oat)_[\\w-]{16,}'),
  shape('Hugging Face', '(?:hf|api_org)_[A-Za-z0-9]{20,}'),
  shape('Groq, xAI, Perplexity, Replicate', '(?:gsk_|xai-|pplx-|r8_|fw_|nvapi-|csk-|tgp_v1_)[\\w-]{20,}', isKey),
  shape('SendGrid', 'SG\\.[\\w-]{16,}\\.[\\w-]{16,}'),
  shape('Mailgun, Brevo', 'key-[0-9a-f]{32}|xkeysib-[0-9a-f]{32,}(?:-\\w{16})?|xsmtpsib-[0-9a-f]{32,}(?:-\\w{16})?'),
  shape('Mailchimp', '[0-9a-f]{32}-us\\d{1,2}'),
  shape('Twilio', 'SK[0-9a-f]{32}(?![0-9A-Za-z])'),
  shape('DigitalOcean', 'do[opr]_v1_[a-f0-9]{32,}'),
  shape('Shopify', 'shp(?:at|ca|pa|ss|ua|tka)_[A-Fa-f0-9]{24,}'),
  shape('Square', 'sq0[a-z]{3}-[\\w-]{20,}|EAAA[\\w-]{56,}'),
  shape('Facebook', 'EAA[A-Za-z0-9]{80,}'),
  shape('PayPal Braintree', 'access_token\\$(?:production|sandbox)\\$[\\w$]{20,}'),
  shape('Plaid', '(?:access|public|link)-(?:sandbox|development|production)-[0-9a-f-]{36}'),
  shape('Linear', 'lin_(?:api|oauth|wh)_[A-Za-z0-9]{20,}'),
  shape('Notion', '(?:secret|ntn)_[A-Za-z0-9]{36,}'),
  shape('Atlassian', 'AT[AC]TT3[\\w=-]{20,}|ATBB[A-Za-z0-9]{24,}'),
  shape('Databricks', 'dapi[a-f0-9]{32}(?:-\\d)?'),
  shape('HashiCorp', 'hv[bsr]\\.[\\w-]{20,}|[A-Za-z0-9]{14}\\.atlasv1\\.[\\w-]{20,}'),
  shape('Doppler', 'dp\\.(?:pt|st|ct|sa|scim|audit)\\.[\\w.-]{20,}'),
  shape('Fly', 'fm[12][ar]?_[\\w+/=-]{20,}|fo1_[\\w-]{20,}'),
  shape('Tailscale', 'tskey-[a-z]{2,10}-[\\w-]{10,}'),
  shape(
    'New Relic, Sentry, Grafana',
    'NRAK-[A-Z0-9]{20,}|NRJS-[a-f0-9]{19}|sntry[su]_[\\w+/=-]{20,}|glsa_[A-Za-z0-9_]{20,}|glc_[\\w+/=-]{20,}',
  ),
  shape('Supabase, PlanetScale', 'sbp_[a-f0-9]{32,}|sb_secret_[\\w-]{16,}|pscale_(?:tkn|pw|oauth)_[\\w.-]{16,}'),
  shape('Azure client secret', '[\\w~.-]{3}\\dQ~[\\w~.-]{31,}'),
  shape('Dropbox', 'sl\\.(?:u\\.)?[\\w-]{60,}'),
  shape('Airtable', 'pat[A-Za-z0-9]{14}\\.[a-f0-9]{32,}'),
  shape(
    'Figma, Netlify, Postman, Pulumi',
    'fig[dou]r?_[\\w-]{20,}|nf[cpu]_[A-Za-z0-9]{30,}|PMAK-[a-f0-9]{24}-[a-f0-9]{20,}|pul-[a-f0-9]{40}',
  ),
  shape('Contentful, Sourcegraph, CircleCI', 'CFPAT-[\\w-]{30,}|sgp_[\\w-]{20,}|CCIPAT_[\\w-]{20,}|bkua_[a-f0-9]{30,}'),
  shape('Cloudflare', 'v1\\.0-[a-f0-9]{24}-[a-f0-9]{100,}|cf(?:ut|at|k)_[\\w-]{30,}'),
  shape('Vercel, Render, Railway', 'vc[aipr]_[A-Za-z0-9]{20,}|rnd_[A-Za-z0-9]{28,}'),
  shape('1Password', 'ops_eyJ[\\w+/=-]{20,}|A3(?:-[A-Z0-9]{5,11}){4,6}'),
  shape('age', 'AGE-SECRET-KEY-1[A-Z0-9]{50,}'),
  shape('Easypost, Flutterwave, Adyen', 'EZ[AT]K[a-zA-Z0-9]{50,}|FLWSECK(?:_TEST)?-[\\w-]{12,}|AQE[A-Za-z0-9+/=]{80,}'),
  shape(
    'hash of a password',
    '\\$(?:2[abxy]\\$\\d\\d\\$[\\w./]{53}|[156y]\\$[\\w./=,$]{20,}|apr1\\$[\\w./$]{16,}|argon2(?:id?|d)\\$[\\w./+=,$-]{20,})',
  ),
  shape('extended private key of a wallet', '[xyzt]prv[1-9A-HJ-NP-Za-km-z]{100,}'),
  shape('otpauth', 'otpauth://[^\\s"\'<>]{10,}'),
]

// One expression for all, so that a short text is scanned once and not sixty times. A match cannot
// begin in the middle of a word.
const ANY = new RegExp(`(?<![A-Za-z0-9])(?:${VENDOR_SHAPES.map(({ source }) => source).join('|')})`, 'g')
const ROWS = VENDOR_SHAPES.map(({ source, accepts }) => ({ pattern: new RegExp(source, 'y'), accepts }))

/** Finds all tokens of well-known services. */
export function findVendorTokens(text: string): Span[] {
  const spans: Span[] = []
  for (const { index } of text.matchAll(ANY))
    for (const { pattern, accepts } of ROWS) {
      pattern.lastIndex = index
      const [match] = pattern.exec(text) ?? []
      if (match !== undefined && (!accepts || accepts(match))) spans.push({ start: index, end: index + match.length })
    }
  return spans
}
