import { createHash } from 'node:crypto'

/**
 * A secret as it may appear in a tool's arguments or answer. `planted` contains it; `secret` is the
 * part that no row may keep.
 */
export type Planted = { name: string; planted: unknown; secret: string }

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'

/**
 * Letters and digits that look random and are the same each time. No whole key is in this file:
 * scanners would take it for a real one.
 */
function letters(seed: string, count: number, alphabet = LETTERS): string {
  let out = ''
  for (let round = 0; out.length < count; round += 1)
    for (const byte of createHash('sha256').update(`${seed} ${round}`).digest()) out += alphabet[byte % alphabet.length]
  return out.slice(0, count)
}
const hex = (seed: string, count: number) => letters(seed, count, '0123456789abcdef')
const upper = (seed: string, count: number) => letters(seed, count, 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567')
const digits = (seed: string, count: number) => letters(seed, count, '0123456789')
const base64 = (seed: string, count: number) => letters(seed, count, `${LETTERS}+/`)

/** Tokens of services. Each is recognised by its form alone. */
const TOKENS: [name: string, parts: (seed: string) => string[]][] = [
  ['Switchboard token', (s) => ['swb', '_', letters(s, 43)]],
  ['Switchboard refresh token', (s) => ['swr', '_', letters(s, 43)]],
  ['GitHub personal', (s) => ['ghp', '_', letters(s, 36)]],
  ['GitHub OAuth', (s) => ['gho', '_', letters(s, 36)]],
  ['GitHub user-to-server', (s) => ['ghu', '_', letters(s, 36)]],
  ['GitHub server', (s) => ['ghs', '_', letters(s, 36)]],
  ['GitHub refresh', (s) => ['ghr', '_', letters(s, 36)]],
  ['GitHub fine-grained', (s) => ['github', '_pat_', letters(s, 22), '_', letters(`${s}b`, 59)]],
  ['GitLab personal', (s) => ['glpat', '-', letters(s, 20)]],
  ['GitLab runner', (s) => ['glrt', '-', letters(s, 20)]],
  ['OpenAI', (s) => ['sk', '-', letters(s, 48)]],
  ['OpenAI project', (s) => ['sk', '-proj-', letters(s, 64)]],
  ['Anthropic', (s) => ['sk', '-ant-api03-', letters(s, 80)]],
  ['OpenRouter', (s) => ['sk', '-or-v1-', hex(s, 64)]],
  ['Stripe live', (s) => ['sk', '_live_', letters(s, 24)]],
  ['Stripe restricted', (s) => ['rk', '_live_', letters(s, 24)]],
  ['Stripe webhook', (s) => ['whsec', '_', letters(s, 32)]],
  ['AWS access key id', (s) => ['AK', 'IA', upper(s, 16)]],
  ['AWS temporary key id', (s) => ['AS', 'IA', upper(s, 16)]],
  ['Google API', (s) => ['AI', 'za', letters(s, 35)]],
  ['Google OAuth', (s) => ['ya', '29.', letters(s, 60)]],
  ['Google client secret', (s) => ['GOC', 'SPX-', letters(s, 28)]],
  ['Slack bot', (s) => ['xo', 'xb-', digits(s, 12), '-', digits(`${s}b`, 12), '-', letters(s, 24)]],
  ['Slack user', (s) => ['xo', 'xp-', digits(s, 12), '-', letters(s, 24)]],
  ['Slack app', (s) => ['xa', 'pp-1-A', digits(s, 10), '-', letters(s, 40)]],
  [
    'Slack webhook',
    (s) => ['hooks.', 'slack.com/services/', `T${upper(s, 8)}/B${upper(`${s}b`, 8)}/${letters(s, 24)}`],
  ],
  ['npm', (s) => ['npm', '_', letters(s, 36)]],
  ['PyPI', (s) => ['pypi', '-AgE', letters(s, 80)]],
  ['RubyGems', (s) => ['ruby', 'gems_', hex(s, 48)]],
  ['Docker', (s) => ['dckr', '_pat_', letters(s, 27)]],
  ['Hugging Face', (s) => ['hf', '_', letters(s, 34)]],
  ['Groq', (s) => ['gsk', '_', letters(s, 52)]],
  ['xAI', (s) => ['xai', '-', letters(s, 80)]],
  ['Replicate', (s) => ['r8', '_', letters(s, 37)]],
  ['SendGrid', (s) => ['SG', '.', letters(s, 22), '.', letters(`${s}b`, 43)]],
  ['Mailgun', (s) => ['key', '-', hex(s, 32)]],
  ['Mailchimp', (s) => [hex(s, 32), '-us', '12']],
  ['Twilio', (s) => ['S', 'K', hex(s, 32)]],
  ['DigitalOcean', (s) => ['dop', '_v1_', hex(s, 64)]],
  ['Shopify', (s) => ['shp', 'at_', hex(s, 32)]],
  ['Square', (s) => ['sq0', 'atp-', letters(s, 22)]],
  ['Telegram bot', (s) => [`1${digits(s, 9)}`, ':AA', letters(s, 33)]],
  ['Discord bot', (s) => ['M', letters(s, 23), '.', letters(`${s}b`, 6), '.', letters(`${s}c`, 27)]],
  ['Linear', (s) => ['lin', '_api_', letters(s, 40)]],
  ['Notion', (s) => ['ntn', '_', letters(s, 46)]],
  ['Atlassian', (s) => ['ATA', 'TT3', letters(s, 60)]],
  ['Databricks', (s) => ['da', 'pi', hex(s, 32)]],
  ['HashiCorp Vault', (s) => ['hv', 's.', letters(s, 90)]],
  ['Terraform Cloud', (s) => [letters(s, 14), '.atlas', 'v1.', letters(`${s}b`, 67)]],
  ['Doppler', (s) => ['dp', '.pt.', letters(s, 43)]],
  ['Tailscale', (s) => ['ts', 'key-auth-', letters(s, 17), '-', letters(`${s}b`, 32)]],
  ['New Relic', (s) => ['NR', 'AK-', upper(s, 27)]],
  ['Sentry', (s) => ['sn', 'trys_', letters(s, 80)]],
  ['Grafana', (s) => ['gl', 'sa_', letters(s, 32), '_', hex(s, 8)]],
  ['Supabase', (s) => ['sb', 'p_', hex(s, 40)]],
  ['PlanetScale', (s) => ['pscale', '_tkn_', letters(s, 43)]],
  ['Azure client secret', (s) => [letters(s, 3), '8Q', '~', letters(`${s}b`, 34)]],
  ['Airtable', (s) => ['pat', letters(s, 14), '.', hex(s, 64)]],
  ['Figma', (s) => ['fig', 'd_', letters(s, 40)]],
  ['Postman', (s) => ['PM', 'AK-', hex(s, 24), '-', hex(`${s}b`, 34)]],
  ['age', (s) => ['AGE-', 'SECRET-KEY-1', upper(s, 58)]],
  [
    'JSON Web Token',
    (s) => ['ey', 'J', letters(s, 34), '.', 'ey', 'J', letters(`${s}b`, 60), '.', letters(`${s}c`, 43)],
  ],
]

/**
 * How a password is written if its name, or the form around it, gives it away. `%` is its place.
 */
const FORMS: [name: string, form: string][] = [
  ['address of PostgreSQL', 'postgresql://app:%@db.example.com:5432/app'],
  ['address of Redis without a name', 'redis://:%@cache:6379/0'],
  ['address of AMQP', 'cannot reach amqp://guest:%@mq/vhost, giving up'],
  ['address of MongoDB with hosts', 'mongodb+srv://u:%@a.example.com,b.example.com/db?retryWrites=true'],
  ['address of SMTP with an @ in the name', 'smtps://ann@example.com:%@mail.example.com:465'],
  ['address of FTP', 'ftp://ann:%@files.example.com/in'],
  ['address in JSON with escaped slashes', '{"url":"mysql:\\/\\/root:%@h\\/db"}'],
  ['address of JDBC', 'jdbc:mysql://h/db?user=app&password=%&useSSL=true'],
  ['header Authorization: Bearer', 'Authorization: Bearer %'],
  ['header Authorization with a scheme of its own', 'authorization: GenieKey %'],
  ['header Cookie', 'Cookie: theme=dark; sid=%; lang=de'],
  ['header Set-Cookie', 'Set-Cookie: connect.sid=%; Path=/; HttpOnly'],
  ['header X-Api-Key', 'X-Api-Key: %'],
  ['header X-Auth-Token', 'GET / HTTP/1.1\r\nHost: x\r\nX-Auth-Token: %\r\n\r\n'],
  ['header Proxy-Authorization', 'Proxy-Authorization: Basic %'],
  ['header in curl', "curl -H 'Authorization: token %' https://api.example.com/v1"],
  ['user of curl', 'curl -u ann:% https://api.example.com'],
  ['assignment', 'password=%'],
  ['assignment in a shell', 'export DB_PASSWORD=%'],
  ['assignment with quotes', "API_KEY='%'"],
  ['assignment in a program', 'const client = connect({ host, password: "%" })'],
  ['assignment with spaces', 'client_secret = %'],
  ['assignment of Go', 'secret := "%"'],
  ['assignment of PHP', "'password' => '%',"],
  ['assignment of Ruby', ':api_key => "%"'],
  ['assignment of Python', "dict(passphrase='%')"],
  ['settings of ADO', 'Server=db;Database=x;User Id=sa;Password=%;Encrypt=true'],
  ['settings of Azure', 'DefaultEndpointsProtocol=https;AccountName=x;AccountKey=%;EndpointSuffix=core.windows.net'],
  ['settings of libpq', 'host=db user=app password=% dbname=x'],
  ['flag', 'mycli login --user ann --password % --verbose'],
  ['flag with =', 'mycli --api-key=% list'],
  ['.netrc', 'machine api.example.com login ann password %'],
  ['YAML', 'db:\n  user: app\n  password: %\n  port: 5432'],
  ['YAML of Kubernetes', 'env:\n  - name: DB_PASSWORD\n    value: %\n  - name: PORT\n    value: "80"'],
  ['TOML', '[db]\npassword = "%"\n'],
  ['INI', '[client]\npassword = %\n'],
  ['properties of Java', 'spring.datasource.password=%'],
  ['sentence with a colon', 'Here you are. Password: %'],
  ['sentence with is', 'The password is %.'],
  ['SQL', "ALTER USER app WITH PASSWORD '%';"],
  ['SQL of MySQL', "CREATE USER 'a'@'h' IDENTIFIED BY '%';"],
  ['toString of Java', 'User[name=ann, password=%, age=3]'],
  ['struct of Go', '{User:ann Password:% Port:5432}'],
  ['repr of Python', "{'user': 'ann', 'secret_key': '%'}"],
  ['query parameter access_token', 'GET https://x.example/cb?access_token=%&state=1'],
  ['query parameter api_key', 'https://api.example.com/v1?format=json&api_key=%'],
  ['query parameter sig', 'https://x.blob.core.windows.net/c?sv=2024&sig=%&se=2026'],
  ['query parameter X-Amz-Signature', 'https://b.s3.amazonaws.com/k?X-Amz-Signature=%'],
  ['fragment', 'https://app.example.com/cb#id_token=%&expires_in=3600'],
  ['form body', 'grant_type=password&username=ann&password=%&scope=read'],
  ['form body with brackets', 'user[name]=ann&user[password]=%'],
  ['form body, encoded', 'user%5Bname%5D=ann&user%5Bpassword%5D=%&commit=Log+in'],
  ['multipart form', '--b\r\nContent-Disposition: form-data; name="password"\r\n\r\n%\r\n--b--'],
  ['JSON', '{"user":"ann","password":"%"}'],
  ['JSON with spaces', '{\n  "client_secret" : "%",\n  "x": 1\n}'],
  ['JSON behind a word', 'The server said {"access_token":"%","expires_in":3600} and closed.'],
  ['JSON in JSON', '{"body":"{\\"password\\":\\"%\\"}"}'],
  ['JSON in JSON in JSON', '{"a":"{\\"b\\":\\"{\\\\\\"refresh_token\\\\\\":\\\\\\"%\\\\\\"}\\"}"}'],
  ['JSON in a fence', 'Result:\n```json\n{"apiKey": "%"}\n```\nDone.'],
  ['NDJSON', '{"n":1}\n{"n":2,"token":"%"}\n{"n":3}'],
  ['JSON that is cut off', '{"rows":[{"id":1,"secret":"%'],
  ['JSON with a list', '{"recovery_codes":["1","%"]}'],
  ['JSON with an object', '{"credentials":{"user":"ann","x":"%"}}'],
  ['JSON pair in a text', '[{"name":"password","value":"%"}]'],
  ['JSON pair in a text, turned round', '[{"value":"%","key":"api_key"}]'],
  ['XML', '<config><password>%</password></config>'],
  ['XML with a name space', '<wsse:Password Type="#PasswordText">%</wsse:Password>'],
  ['XML attribute', '<datasource user="app" password="%"/>'],
  ['XML pair', '<add key="ClientSecret" value="%" />'],
  ['XML CDATA', '<token><![CDATA[%]]></token>'],
  ['XML of Java', '<entry key="db.password">%</entry>'],
  ['plist', '<key>AuthToken</key>\n<string>%</string>'],
  ['Markdown, bold', 'Here it is:\n\n**Password:** %\n'],
  ['Markdown, bold and code', '- **API key**: `%`'],
  ['Markdown, a table', '| what | value |\n|---|---|\n| Password | % |\n'],
  ['YAML of a block', 'db:\n  password: |\n    %\n  port: 1'],
  ['header with parts in quotes', 'Authorization: Digest username="ann", nonce="x1", response="%"\r\n'],
  ['JSON in HTML', '<div data-x="{&quot;password&quot;:&quot;%&quot;}">'],
  ['define of PHP', "define('DB_PASSWORD', '%');"],
  ['list of two in a text', 'rows: ["password","%"]'],
  ['setter of Java', 'source.setPassword("%");'],
  ['flag of sshpass', "sshpass -p '%' ssh host"],
  ['flag of docker', 'docker login -u ann -p % registry.example.com'],
  ['flag of mysql', 'mysql -h db -u app -p% shop'],
  ['Chinese', '密码：%'],
  ['Russian', 'Логин: ann\nПароль: %'],
  ['Japanese', 'パスワード: %'],
  ['Portuguese', 'usuário: ann, senha: %'],
  ['name in wide letters', 'ｐａｓｓｗｏｒｄ: %'],
  ['settings of AWS', '[default]\naws_secret_access_key = %ABCDEFGHIJKLMNOPQRSTUVKEY'],
  ['HTML', '<input type="password" name="password" value="%">'],
]

/** Names under which a JSON value is a secret. */
const NAMES =
  `password passwd pwd passphrase passcode new_password passwordConfirmation userPassword db_password PGPASSWORD secret client_secret
  clientSecret webhookSecret token access_token accessToken refresh_token id_token auth_token csrf_token session_token sessionToken apikey api_key
  apiKey X-Api-Key x_api_key access_key secretAccessKey aws_secret_access_key private_key privateKey signing_key encryptionKey master_key
  AccountKey authorization Authorization auth session session_id sessionId PHPSESSID JSESSIONID cookie Set-Cookie cookies credential credentials
  creds connection_string connectionString ConnectionString DATABASE_URL dsn mnemonic seed_phrase recovery_phrase otp totp_secret pin cvv cvc
  card_number security_code verification_code client_assertion SAMLResponse code_verifier recovery_code backupCodes one_time_password mfa_code jwt bearer ssh_key license_key`.split(
    /\s+/,
  )

const WORDS = 'abandon ability able about above absent absorb abstract absurd abuse access accident'

function keyBlocks(): Planted[] {
  const kinds = [
    'RSA PRIVATE KEY',
    'PRIVATE KEY',
    'EC PRIVATE KEY',
    'OPENSSH PRIVATE KEY',
    'ENCRYPTED PRIVATE KEY',
    'PGP PRIVATE KEY BLOCK',
  ]
  return kinds.flatMap((kind): Planted[] => {
    const secret = base64(kind, 64)
    const body = `${base64(`${kind}a`, 64)}\n${secret}\n`
    const [begin, end] = ['BEGIN', 'END'].map((word) => `-----${word} ${kind}-----`)
    const head = kind.includes('PGP') ? 'Version: 1\n\n' : ''
    return [
      { name: `${kind}`, planted: `key:\n${begin}\n${head}${body}${end}\nthat was it`, secret },
      { name: `${kind} without an end`, planted: `${begin}\n${head}${body}`, secret },
      { name: `${kind} in JSON in a text`, planted: JSON.stringify({ pem: `${begin}\n${head}${body}${end}` }), secret },
    ]
  })
}

function cards(): Planted[] {
  const starts = ['4', '51', '2221', '34', '6011', '3528']
  return starts.flatMap((start): Planted[] => {
    const length = start === '34' ? 15 : 16
    const body = start + digits(start, length - start.length - 1)
    const number = body + checkDigit(body)
    const grouped = number.replace(/(\d{4})(?=\d)/g, '$1 ')
    const written = length === 16 ? grouped : number
    return [
      { name: `card ${start}`, planted: `Paid with ${number}, thank you.`, secret: number },
      { name: `card ${start} in groups`, planted: { note: `Card ${written}` }, secret: written },
    ]
  })
}

function checkDigit(body: string): string {
  const sum = [...body].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (place % 2 === 0 ? 2 : 1)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return String((10 - (sum % 10)) % 10)
}

/** More than 200 secrets of all kinds. */
export function plantedSecrets(): Planted[] {
  const password = (seed: string) => `${letters(seed, 9)}7${letters(`${seed}b`, 6)}`
  return [
    ...TOKENS.map(([name, parts]): Planted => {
      const secret = parts(name).join('')
      return { name, planted: `I use ${secret} for this.`, secret }
    }),
    ...FORMS.map(([name, form]): Planted => {
      const secret = name.includes('Proxy') ? base64(name, 20) : password(name)
      return { name, planted: form.replace(/%(?!5)/, secret), secret }
    }),
    ...NAMES.map(
      (name): Planted => ({
        name: `name ${name}`,
        planted: { nested: [{ [name]: password(name), city: 'Bern' }] },
        secret: password(name),
      }),
    ),
    {
      name: 'address in an address',
      planted: `https://x.example/login?next=https%3A%2F%2Fy.example%2Fcb%3Faccess_token%3D${password('encoded')}%26state%3D1`,
      secret: password('encoded'),
    },
    {
      name: 'JSON in an address',
      planted: `/x?q=%7B%22password%22%3A%22${password('json')}%22%7D`,
      secret: password('json'),
    },
    {
      name: 'bearer of letters',
      planted: 'I sent Bearer abcdefghijklmnopqrstuvwxyz to it',
      secret: 'abcdefghijklmnopqrstuvwxyz',
    },
    { name: 'list of tokens', planted: { tokens: [password('tokens')] }, secret: password('tokens') },
    { name: 'code in a sentence', planted: 'Your verification code is 482913.', secret: '482913' },
    { name: 'mnemonic', planted: `mnemonic: ${WORDS}`, secret: 'absurd' },
    { name: 'seed phrase', planted: `My seed phrase is here.\nSeed phrase: ${WORDS}`, secret: 'absurd' },
    { name: 'hash of bcrypt', planted: `ann:$2b$12$${letters('bcrypt', 53)}`, secret: letters('bcrypt', 53) },
    {
      name: 'key of a wallet',
      planted: `xprv9${letters('wallet', 107, 'abcdefghijkmnpqrstuvwxyz123456789')}`,
      secret: letters('wallet', 107, 'abcdefghijkmnpqrstuvwxyz123456789'),
    },
    {
      name: 'key block in a quotation',
      planted: `> -----BEGIN PRIVATE KEY-----\n> ${base64('quoted', 64)}\n> x`,
      secret: base64('quoted', 64),
    },
    { name: 'card with dots', planted: 'Card 4111.1111.1111.1111', secret: '4111.1111.1111.1111' },
    { name: 'pair of JSON', planted: [{ name: 'password', value: password('pair') }], secret: password('pair') },
    { name: 'list of two', planted: { headers: [['Authorization', password('two')]] }, secret: password('two') },
    ...keyBlocks(),
    ...cards(),
  ]
}
