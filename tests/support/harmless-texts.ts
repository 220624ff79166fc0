/**
 * Texts of tools and people that contain no secret, though many look as if they did. Each must stay
 * unchanged.
 */
export const HARMLESS_TEXTS: string[] = `
3f2c1b9a8d7e6f5a4b3c2d1e0f9a8b7c6d5e4f3a
e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
sha512-z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXcg/SpIdNs6c5H0NE8XYXysP+DGNKHfuwvY7kxvUdBeoGlODJ6+SfaPg==
d41d8cd98f00b204e9800998ecf8427e
550e8400-e29b-41d4-a716-446655440000
018f3b2c-7a5d-7c3e-9b1a-2f4d6e8a0b1c
commit 9c8b90e5d1f3a7b2c4e6f8091a2b3c4d5e6f7081 (HEAD -> main)
index 4b0f561..46269dd 100644
ETag: "33a64df551425fcc55e4d42a148795d9f25f89d4"
If-None-Match: W/"0815-4711"
01HQZX3V5K8M2N4P6R7S9T0W1Y
cjld2cjxh0000qzrmn831i7rn
V1StGXR8_Z5jdHi6B-myT
507f1f77bcf86cd799439011
Order 4711-0815-2026 was shipped on 27 November.
Invoice INV-2026-000123 over 1,299.00 EUR is due.
Order number 1234567890123456
Tracking number 1Z999AA10123456784
Tracking 00340434161094042557
ISBN 978-3-16-148410-0
IBAN DE89 3704 0044 0532 0130 00
Phone +49 30 901820 or +1 (555) 010-9999
EAN 4006381333931
VIN 1HGCM82633A004352
Reservation PNR K7XQ2M, flight LH 1234 at 07:15
Serial C02XL0GTJGH5, model A1989
timestamp=1764412800000
1764412800 1764412801 1764412802 1764412803
3.14159265358979323846264338327950288419716939937510
192.168.0.1:8080 answered in 12 ms
2001:0db8:85a3:0000:0000:8a2e:0370:7334
00:1A:2B:3C:4D:5E
1111 2222 3333 4444
4111 1111 1111 1112
data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==
Um9zZXMgYXJlIHJlZCwgdmlvbGV0cyBhcmUgYmx1ZS4=
https://example.com/articles/how-to-choose-a-password
https://example.com/?page=2&sort=name&order=asc
https://user.example.com:8443/path?x=1#part
https://example.com/search?q=mail:ann@example.com
ssh://git@github.com/octocat/hello.git
git@github.com:octocat/hello.git
http://localhost:3000/callback?next=/a@b
postgres://localhost:5432/app
redis://cache:6379/0
mailto:ann@example.com
s3://bucket/folder/file-2026-11-29.csv
file:///home/ann/notes.txt
arn:aws:s3:::bucket/key/2026
urn:uuid:6e8bc430-9c3a-11d9-9669-0800200c9a66
The password must have at least 12 characters.
Password: at least 12 characters, one digit.
Password: required
Password:
Forgot your password? Open the link in your mail.
The password is wrong.
Your password is too short.
Your password is required to have 12 characters.
Passwords must match.
Change password: open Settings, then Security.
Reset password: /reset
The token has expired. Sign in again.
The token is invalid.
Unexpected token } in JSON at position 42
SyntaxError: Unexpected token 'export'
Unexpected token "<", "<!DOCTYPE "... is not valid JSON
Tokens used: 1,234 in, 567 out
{"usage":{"prompt_tokens":123,"completion_tokens":45,"total_tokens":168}}
{"max_tokens":4096,"temperature":0.7,"seed":42}
{"nextPageToken":"CAUQAA","items":[]}
{"next_page_token":"eyJpZCI6MTIzfQ","has_more":true}
{"pageToken":"abc123def456","pageSize":20}
{"token_type":"bearer","expires_in":3600}
{"token_count":17,"tokenizer":"cl100k_base"}
{"password_policy":"at least 12 characters"}
{"passwordChangedAt":"2026-11-29T10:00:00Z"}
{"has_password":true,"two_factor":false}
{"auth":true,"session":false}
{"auth_type":"oauth2","auth_url":"https://login.example.com"}
{"authentication":"required","authMethod":"basic"}
{"author":"Ann Author","authority":"City of Bern"}
{"session_count":3,"sessions_today":12}
{"session":"Opening keynote","room":"B 12"}
{"secret_santa":"Bob gives to Ann"}
{"secretary":"Ms Miller","phone":"+41 31 000"}
{"cookie_policy":"strict","cookies_enabled":true}
{"recipe":"Cookies","butter":"200 g"}
{"key":"value","keyboard":"de","monkey":"business"}
{"keys":["a","b"],"public_key":"ssh-ed25519"}
{"primary_key":"id","foreign_key":"user_id"}
{"pins":["Bern","Basel"],"spin":true}
{"compass":"north","passenger":"Ann","passport":"Swiss"}
{"passed":12,"failed":0,"pass":12,"bypass":false}
{"name":"password","type":"string","description":"The person's password."}
{"name":"token","required":true,"in":"query"}
{"properties":{"password":{"type":"string","minLength":12},"user":{"type":"string"}}}
{"token":{"type":"string"},"secret":{"$ref":"#/x"}}
{"id":"call_01JABCDEFGHJKMNPQRSTVWXYZ0","status":"ok"}
{"sku":"AB-1234-XYZ","qty":2,"price":19.99}
{"name":"city","value":"Bern"}
{"error":"invalid_token","error_description":"The access token expired"}
{"error_code":"ERR_1234","status_code":404,"zip_code":"3011"}
{"credentials":"same-origin","mode":"cors"}
fetch(url, { credentials: 'include', mode: 'cors' })
const password = form.get('password')
const token = await getToken(user)
const { password, token } = await request.json()
let secret = process.env.APP_SECRET
const apiKey = config.apiKey
if (token === null) throw new Error('no token')
if (password !== confirmation) return false
password: string;
token: string | undefined
token?: string
auth: AuthConfig
session: Session | null
secret: z.string().min(32),
password: z.string(),
function signIn(email: string, password: string): Promise<Session> {
type Props = { token: string; onChange: (token: string) => void }
return { token, password: hash(password) }
user.password = hash(input.password)
self.password = password
password = getpass.getpass()
token = request.headers.get("authorization")
token := r.Header.Get("Authorization")
$password = $_POST['password'];
password_hash VARCHAR(255) NOT NULL
SELECT id, email, password_hash FROM users WHERE token = $1
ALTER TABLE users ADD COLUMN password text
@Value("${'${'}db.password}") String password;
password: ${'${'}DB_PASSWORD}
DB_PASSWORD=${'${'}DB_PASSWORD}
API_KEY=<your api key>
api_key: YOUR_API_KEY
Authorization: Bearer <token>
Authorization: Bearer ${'${'}TOKEN}
curl -H "Authorization: Bearer $TOKEN" https://api.example.com
curl -u "$USER:$PASSWORD" https://example.com
password: "{{ vault_password }}"
--password-file /run/secrets/db
Use --token to pass a token, or --password to be asked.
Bearer authentication is described in RFC 6750.
The bearer of this letter may enter.
Basic authentication sends name and password.
Basic understanding of Python is enough.
Authorization: required for all endpoints below
Cookie: chocolate chip is the best one
Cookies: this site uses cookies for sign-in.
The secret: use cold butter.
Top secret: the meeting is at five.
The secret of a good cake is patience.
Secret Santa: Bob gives to Ann.
Session: Monday to Friday, nine to five
Session 3: Databases
Pin: Bern, Switzerland
PIN codes have four digits.
Please enter your PIN.
The key: practise every day.
Key: C major
API key: see Settings
API keys are made under Settings.
Access key: none
auth: none
auth: OAuth 2.0
authentication: enabled
OTP: not required
Error code: 1234
Country code: 41
Postal code: 3011
Verification code: sent by SMS
Exit code: 0
Seed: 42
random seed = 1234
Token ring networks were made by IBM.
risk-assessment-of-a-large-project-2026
task-management-software-for-small-teams
desk-organizer-with-wireless-charger-2000
sk-learn-is-not-the-name-of-a-package
pk_orders_customer_id
sk_SK is the locale of Slovakia
global-configuration-settings-for-everybody
ghost_in_the_shell_1995_remastered_edition
npm install --save-exact left-pad@1.3.0
npm_config_registry and npm_lifecycle_event
hf_hub_download(repo_id, filename)
github_patch_notes_for_version_2
SG.1 is a chess opening
key-value-stores-are-fast
key-0123456789
SKU 0123456789
EAAA is no ticker
pypi-attestations is a package
do_v1_migrations
xoxo, Ann
AKIA is also a name
AIza
glossary-of-terms-used-in-this-document
-----BEGIN CERTIFICATE-----
-----BEGIN PUBLIC KEY-----
-----BEGIN PRIVATE KEY----- is how a private key begins.
Paste everything from -----BEGIN PRIVATE KEY----- to the end.
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl ann@laptop
The quick brown fox jumps over the lazy dog.
Buy milk, eggs and bread; call Ann tomorrow at 3.
Meeting at 10:30: budget, hiring, roadmap.
| name | password | role |
name,email,password
<label for="password">Password</label><input type="password" name="password">
<button accesskey="s">Save</button>
<token>string</token>
<p>Your session has expired.</p>
.password { color: red; }
#token:hover { width: 100%; }
a = b == c ? 'password' : 'token'
x => x.token
map(token => token.length)
std::string password;
use std::collections::HashMap;
// TODO: rotate the secret
# password for the test database
Die Sitzung beginnt um 9:30 Uhr, das Kennwort bitte mitbringen.
今天去超市买牛奶和面包
Passwort vergessen?
Mot de passe oublié ?
🔑 Keys are on the table: take them.
`
  .trim()
  .split('\n')
