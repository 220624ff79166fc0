import { stemmer } from 'stemmer'
import { foldText } from '#lib/data/search/fold-text.ts'
import { listTokens } from '#lib/data/search/search-words.ts'

/**
 * Words that people use for what a tool calls something else. Each line means one thing, and the
 * lines know nothing of any one server.
 */
const SAME = `
create add make new insert register compose draft
delete remove drop erase destroy discard
update change edit modify adjust rename correct
list show overview all every browse
get read show view fetch retrieve details look describe inspect check
search find look query locate
send tell write mail notify inform deliver
post publish message tell announce write
start begin launch run trigger activate enable on open
stop end cancel abort halt off disable quit shut
close finish complete done resolve solve
pause suspend hold freeze
resume continue unpause
undo revert restore rollback back recover
approve accept confirm agree allow
decline reject deny refuse
assign hand delegate give reassign
move transfer shift put push transition
copy duplicate clone
merge combine join
share access permission grant invite
access permission privilege right role
download export save
upload import attach
schedule plan book reserve
mute silence snooze quiet
acknowledge ack
escalate page alert
subscribe follow watch
verify check validate test
compare difference diff versus
estimate forecast predict
translate language
sign signature
track trace follow
issue ticket bug problem case request defect
task todo item chore
email mail message
event meeting appointment invitation
comment note reply remark
history changelog revision version past earlier
user person people member account colleague
employee staff worker colleague person
manager boss lead supervisor
applicant candidate
customer client buyer shopper
company organization firm business
vendor supplier
team group department
lead prospect contact
deal opportunity sale
invoice bill
refund reimburse money charge back
payment pay paid charge
salary wage payroll pay income
balance money amount
cost price spend expense fee
revenue income sale turnover profit earning
debt owed unpaid overdue receivable
tax vat
currency exchange rate
contract agreement document
discount coupon promo voucher
stock inventory quantity left available
order purchase
product article goods
ship deliver parcel package shipment fulfillment delivery shipping
vacation holiday leave off absence absent pto away out
sick ill
file document attachment
folder directory
sheet spreadsheet table
page article document
picture image photo
link url address
column property field
label tag
repository repo
diff change difference
pull pr
log trace output
error failure failed crash broken
alert alarm monitor notification warning
incident outage downtime
deployment deploy rollout
replica scale size
machine server instance host vm computer
container pod
database db
network port firewall
certificate tls ssl
password secret credential
permission role policy
size big large space storage
usage use consumption
energy electricity power
user login
slow performance latency
shift oncall duty rotation override
free available availability busy
room place
address location place
flight plane fly
baggage luggage suitcase bag
hotel stay room accommodation
train rail
taxi ride cab
car vehicle
restaurant table dinner lunch
weather forecast rain
route direction way
temperature degree heating thermostat warm cold
light lamp
door lock
blind shutter curtain
speaker music media player
television tv media
report statement statistics analytics numbers
overdue unpaid late due
mark set status
phone call ring
status state
delay late status
reaction emoji
review feedback rating opinion
survey form questionnaire
rule automation trigger filter
board dashboard
deadline due
priority urgency important
`

// Words that say nothing about which tool is meant.
const EMPTY = new Set(
  `a an the this that these those i me my mine we us our you your he him his she her it its they them their of to in on
  at by for from with and or but not no as is are was were be been being am do does did doing have has had having can
  could will would should may might must shall let please want wants wanted need needs like just what how why when who
  if then so than there here any some about into per up out over again still now right one id ids using use used called
  named keep keeps thanks thank hello hi hey really very too also maybe much many today tomorrow yesterday tonight
  morning evening monday tuesday wednesday thursday friday saturday sunday`.split(/\s+/),
)

const synonyms = readSynonyms()

/**
 * The words of a tool's name or text as stems: `createInvoice` and "Creates invoices" give the
 * same two. A run of a script without spaces gives its pairs of characters.
 */
export function listStems(text: string): string[] {
  const stems: string[] = []
  for (const { text: word, isRun } of listTokens(foldText(splitIdentifiers(text)))) {
    if (isRun) stems.push(...pairsOf(word))
    else if (!EMPTY.has(word)) stems.push(toStem(word))
  }
  return stems
}

/** Other stems that mean the same as a stem. */
export function listSynonyms(stem: string): readonly string[] {
  return synonyms.get(stem) ?? []
}

function toStem(word: string): string {
  return /^[a-z]{3,}$/.test(word) ? stemmer(word) : word
}

/** `createInvoicePDF` and `create_invoice-pdf` as words. */
function splitIdentifiers(text: string): string {
  return text
    .replace(/(\p{Ll}|\p{N})(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .replaceAll('_', ' ')
}

function pairsOf(run: string): string[] {
  const characters = [...run]
  return characters.length < 2 ? characters : characters.slice(1).map((next, at) => characters[at] + next)
}

function readSynonyms(): Map<string, string[]> {
  const groups = new Map<string, Set<string>>()
  for (const line of SAME.trim().split('\n')) {
    const stems = line.split(' ').map(toStem)
    for (const stem of stems) {
      const known = groups.get(stem) ?? new Set()
      for (const other of stems) if (other !== stem) known.add(other)
      groups.set(stem, known)
    }
  }
  return new Map([...groups].map(([stem, others]) => [stem, [...others]]))
}
