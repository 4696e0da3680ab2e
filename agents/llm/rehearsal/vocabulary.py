"""The words by which the rehearsal tells what a request asks for: five languages, lower case, without accents."""

import re
import unicodedata


def plain(text: str) -> str:
    """The text as the patterns here read it."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().replace("\u2019", "'"))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def _any(*words: str) -> re.Pattern[str]:
    """Any of these, each a list of alternatives of one language, as whole words."""
    alternatives = "|".join(word.strip() for line in words for word in line.split(" | "))
    return re.compile(rf"(?<![\w-])(?:{alternatives})(?!\w)")


# What is asked for, by the verb that asks.
WRITE = _any(
    r"write | draft | prepare | create | compose | rewrite | produce | translate | summari[sz]e",
    r"put together | turn",
    r"put(?= .*\bin(?:to)? (?:plain |simple |easy )?(?:english|german|french|italian|spanish|dutch))",
    r"ubertrag(?:e|t|en)? | bring(?:e|t|en)?(?= .*\b(?:ins|auf|in) (?:deutsche?|englische?|franzosische?))",
    r"schreib(?:e|t|en|st)? | entw[ei]rf(?:e|t|en)? | erstell(?:e|t|en)? | verfass(?:e|t|en)?",
    r"formulier(?:e|t|en)?",
    r"fass(?:e|t|en)? | zusammenfassen | ubersetz(?:e|t|en)? | bereite[nt]? | vorbereiten",
    r"ecri(?:re|s|vez|vons) | redige[rz]? | prepare[rz]? | resume[rz]? | tradui(?:re|s|sez)",
    r"escrib(?:e|a|an|ir|id) | redact(?:a|e|en|ar|ad) | prepar(?:a|e|en|ar|ad) | resum(?:e|a|an|ir|id)",
    r"scriv(?:i|ete|ere|a|ano) | redig(?:i|ete|ere|a) | prepar(?:a|i|ate|are) | riassum(?:i|ete|ere|a)",
)
TELL = _any(
    r"tell | inform | notify | let | e-?mail | mail | send | message | thank | write (?:back )?to",
    r"informier(?:e|t|en)? | benachrichtig(?:e|t|en)? | schick(?:e|t|en)? | send(?:e|et|en)? | sag(?:e|t|en)?",
    r"teil(?:e|t|en)? | mitteilen | meld(?:e|et|en)? | (?:gib|gebt|geben) .*bescheid | bescheid geben",
    r"prevene[zr] | prevenir | informe[rz]? | envoye[rz] | averti(?:r|ssez) | dites",
    r"avis(?:a|e|en|ar|ad) | inform(?:a|e|en|ar|ad) | envi(?:a|e|en|ar|ad) | diga(?:n|le)? | dile",
    r"avvis(?:a|i|ate|are) | informa(?:te|re)? | mand(?:a|i|ate|are) | invi(?:a|i|ate|are)",
)
# A letter to somebody, by the word behind the verb: "write them", "schreib ihnen".
WRITE_TO = re.compile(
    r"\b(?:(?:write|drop) (?:them|him|her)|schreib(?:e|t|en)? (?:ihnen|ihm|ihr)|ecri(?:s|vez)-(?:leur|lui)"
    r"|escrib(?:e|a)les?|scriv(?:i|ete)(?:gli|le))\b"
)
# What is not wanted is no wish: "send nothing", "do not rewrite it", "schickt noch nichts".
NOT = re.compile(
    r"^(?:do not|don't|never|no need to|there is no need to)\b"
    r"|^\w+ (?:\w+ )?(?:nothing|nobody|no one|none|nichts?|niemand(?:en|em)?|nadie|nessuno)\b"
    r"|^\w+ (?:\w+ ){1,4}(?:nichts?|niemand(?:en|em)?)\W*$"
)
# The same with a name behind it, in the text as it was written: "tell Marta".
TELL_NAMED = re.compile(
    r"\b(?i:tell|inform|notify|let|e-?mail|mail|message|thank|write (?:back )?to|informier\w*|benachrichtig\w*"
    r"|sag\w*|pr[ée]ven\w+|informe\w*|averti\w*|avis\w+|inform\w+|avvis\w+)\s+[A-ZÀ-Ý]\w+"
)
REPLY = _any(
    r"reply | respond | answer | antwort(?:e|et|en)? | beantwort(?:e|et|en)? | repond(?:s|ez|re)",
    r"respond(?:e|a|an|er|ed) | contest(?:a|e|en|ar) | rispond(?:i|ete|ere|a)",
)
FIX = _any(
    r"fix | debug | refactor | implement | patch | repair | mend",
    r"beheb(?:e|t|en)? | reparier(?:e|t|en)? | korrigier(?:e|t|en)? | implementier(?:e|t|en)?",
    r"corrige[rz]? | repare[rz]? | arregl(?:a|e|en|ar) | corrij(?:a|an) | corregi[rd]",
    r"correg(?:gi|gete|gere|ga) | ripar(?:a|ate|are) | sistem(?:a|ate|are)",
)
READ = _any(
    r"research | investigate | find out | compare | look (?:up|into|at|for) | read | analy[sz]e",
    r"recherchier(?:e|t|en)? | lies | lest | lesen | vergleich(?:e|t|en)? | untersuch(?:e|t|en)?",
    r"finde[nt]? heraus",
    r"lis | lisez | lire | compare[rz]? | cherche[rz]? | recherche[rz]? | analyse[rz]?",
    r"lee | lea | lean | leer | leed | compar(?:a|e|en|ar|ad) | investig(?:a|ue|uen|ar) | busc(?:a|ar)",
    r"analiz(?:a|ar)",
    r"legg(?:i|ete|ere|a) | confront(?:a|i|ate|are) | cerc(?:a|ate|are) | ricerc(?:a|ate|are)",
    r"analizz(?:a|ate|are)",
)
JUDGE = _any(
    r"review | check | proofread | judge | assess | pruf(?:e|t|en)? | beurteil(?:e|t|en)? | lektorier(?:e|t|en)?",
    r"relis | relisez | relire | evalue[rz]? | revis(?:a|e|en|ar) | evalu(?:a|ar) | rived(?:i|ete|ere)",
    r"valut(?:a|are)",
)
CHANGE = _any(
    r"change | update | set | adjust | ander(?:e|t|n)? | aktualisier(?:e|t|en)? | modifie[rz]? | change[rz]?",
    r"cambi(?:a|e|en|ar|ate|are) | actualiz(?:a|ar) | aggiorn(?:a|ate|are)",
)
# What needs hands, a voice, a signature or money: no agent has any.
HANDS = _any(
    r"call | phone | ring | telephone | drive | go | visit | attend | travel | meet | pick up | buy",
    r"purchase | order(?! (?:no\b|number|\d))",
    r"book | reserve | pay | transfer | wire | sign | print | ship | deliver | install | clean | photograph | film",
    r"record | take (?:pictures|photos|photographs) | hire",
    r"ruf(?:e|t|en)? | anrufen | telefonier(?:e|t|en)? | fahr(?:e|t|en)? | besuch(?:e|t|en)? | kauf(?:e|t|en)?",
    r"bestell(?:e|t|en)? | buch(?:e|t|en)? | bezahl(?:e|t|en)? | uberweis(?:e|t|en)? | unterschreib(?:e|t|en)?",
    r"appele[rz] | telephone[rz] | achete[rz] | commande[rz] | reserve[rz] | paye[rz] | signe[rz]",
    r"llam(?:a|e|en|ar) | compr(?:a|e|en|ar|ate|are) | reserv(?:a|e|en|ar) | pag(?:a|ue|uen|ar|ate|are)",
    r"firm(?:a|e|ar|are)",
    r"chiam(?:a|ate|are) | telefon(?:a|ate|are) | prenot(?:a|ate|are) | ordin(?:a|ate|are)",
)
PAYMENT = re.compile(
    r"\b(?:transfer|pay|wire|uberweis\w*|virer|transfier\w*)\b.*(?:\biban\b|\beur\b|\bchf\b|\busd\b|[€$])"
)

# Before a wish: the moment that it is for, "when all is there, tell the client".
MOMENT = re.compile(
    r"^(?:when|once|as soon as|after|wenn|sobald|quand|des que|cuando|en cuanto|quando|appena)\b[^,]*,\s*"
)
# How long something shall be is no wish: "one page", "zwei Seiten hochstens".
LENGTH = re.compile(
    r"^(?:about |at most |max(?:imum|\.)? |hochstens |maximal |etwa |ca\.? )?"
    r"(?:an?|one|two|three|half an?|eine?|zwei|drei|une?|deux|una|dos|due|\d+) (?:\w+ )?"
    r"(?:pages?|seiten?|paragraphs?|absatze?|sentences?|satze?|words|worter|paginas?|pagine)"
    r"(?: at most| or less| maximum| hochstens| maximal)?\W*$"
)
# How a wish begins, and what makes a wish of a sentence whose verb stands elsewhere.
POLITE = re.compile(
    r"^(?:(?:and|then|also|finally|after(?:wards| that)|please|kindly|hi|hello|just"
    r"|(?:can|could|would|will) you(?: please)?|(?:we|i)(?: would like|'d like| want| need) you to"
    r"|we need to|i need to"
    r"|und|dann|danach|anschliessend|bitte|(?:konnt|konntet) ihr|konnen sie|et|puis|ensuite|merci de|veuillez"
    r"|s'il vous plait|pouvez-vous|pourriez-vous|y|luego|despues|por favor|podeis|puede|pueden"
    r"|e|poi|dopo|per favore|potete|puoi|potreste)[\s,:]+)*"
)
WISH = re.compile(
    r"\b(?:please|(?:can|could|would) you|need you to|bitte|(?:konnt|konntet) ihr|konnen sie|merci de|veuillez"
    r"|s'il vous plait|pouvez-vous|pourriez-vous|por favor|podeis|pueden?|per favore|potete|puoi|potreste)\b"
)
NEED = re.compile(
    r"\b(?:(?:we|i) (?:need|want|would like|are looking for|am looking for)|looking for|wir (?:brauchen"
    r"|benotigen|wollen)|(?:brauchen|benotigen) wir"
    r"|ich brauche|il (?:nous|me) faut|nous (?:avons besoin|voulons|voudrions)|necesit(?:o|amos)"
    r"|quer(?:emos|riamos)"
    r"|ci serve|abbiamo bisogno|vogliamo|vorremmo)\b"
)
AND = re.compile(
    r"(?:\s*[,;])?\s+(?:and then|and|then|und dann|und|dann|danach|et|puis|ensuite|y|luego|e|poi)\s+", re.IGNORECASE
)

# Whom a message goes to; the client's own name counts too.
PERSON = _any(
    r"us | me | uns | mir | nous | moi | clients? | customers? | them | him | her",
    r"kund(?:e|en|in|innen|schaft) | ihnen | ihn | ihm",
    r"clientes? | clienti | leur | lui",
)
TO_PERSON = re.compile(
    r"\b(?:to (?:the|our|your|this) (?:client|customer)s?|(?:dem|der|den) kund\w+|aux? clients?|a la cliente"
    r"|al cliente|a los clientes|ai clienti)\b"
)

CODE = _any(
    r"bug | bugs | repository | repo | codebase | source code | function | method | unit tests?",
    r"pull request | endpoint",
    r"(?:add|write|erganz(?:e|t|en)?|schreib(?:e|t|en)?)\b.{0,20}\btests?",
    r"tests?\b.{0,20}\b(?:erganzen|schreiben)",
    r"crash(?:es|ed)? | stack ?trace | traceback | exceptions? | typeerror | (?:server|500) errors?",
    r"programmfehler | sturzt | absturz | quelltext | bogue | plante | depot git | repositorio | error en | falla",
    r"errore nel | codice",
)
SOFTWARE = _any(
    r"page | pages | site | website | web | form | app | shop | search | button | server | login | calendar",
    r"export",
    r"checkout | cart | banner | kalender | warenkorb | anmeldung | \w*banner | link | links",
    r"import | script | api | database | \w*seite | \w*formular\w* | fehler | suche | erreur",
    r"formulaire",
    r"formulario | error | pagina | sito | errore | modulo",
)
VALUE = _any(
    r"prices? | dates? | hours | number | address | discount | deadline | preise? | datum | termin",
    r"offnungszeiten",
    r"nummer | adresse | rabatt | prix | precios? | fecha | horario | prezz[oi] | data | orario",
)

# What only someone asks who wants to lead the agents astray.
HOSTILE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass|vergiss\w*|vergesst|ignorier\w*|missachte\w*|oublie[rz]?|olvida"
    r"|ignora|dimentica)\b.{0,60}\b(?:instructions?|rules?|prompt|told|anweisung\w*|regeln|consignes|regles"
    r"|instrucciones|reglas|istruzioni|regole)\b"
    r"|\b(?:pretend|act as (?:if|though)|you are now|du bist (?:jetzt|nun)|tu es maintenant|ahora eres)\b"
    r"|\b(?:print|show|reveal|give|send|reply|respond|answer|e-?mail|mail|forward|leak|gib|zeig\w*|verrate\w*|nenne|montre[rz]?"
    r"|donne[rz]?|muestra|dame|mostra|dammi)\b.{0,60}(?:\b(?:system|hidden)[\s-]?prompt\b|\bpasswo\w+"
    r"|\bapi[\s-]?keys?\b"
    r"|\b(?:bank|account|payment|card) details\b|\bibans?\b|\bbankverbindung\w*|\bkontodaten\b"
    r"|\bsecrets?\b|\bcredentials\b|\btokens\b|\byour (?:instructions|rules)\b"
    r"|\b(?:list of )?all (?:the )?clients\b"
    r"|\bevery e-?mail\b|\bmots? de passe\b|\bcontrasenas?\b)"
    r"|\bapprove everything\b|\bwithout (?:any )?approval\b|\bpush to main\b"
)

KINDS = {
    "proposal": _any(
        r"proposal | offer | quote | quotation | angebot | offerte | proposition | devis | propuesta | presupuesto",
        r"oferta | proposta | preventivo",
    ),
    "article": _any(
        r"press release | pressemitteilung",
        r"article | blog | blog post | newsletter | essay | story | artikel | beitrag | rundbrief | aufsatz",
        r"articulo",
        r"boletin | articolo",
    ),
    "documentation": _any(
        r"faq | questions and answers",
        r"documentation | docs | guide | manual | how-to | handbook | instructions | anleitung | handbuch",
        r"leitfaden",
        r"dokumentation | manuel | mode d'emploi | guia | manual | guida | manuale",
    ),
    "report": _any(
        r"report | summary | summari[sz]e | analysis | comparison | overview | bericht | zusammenfassung",
        r"auswertung",
        r"ubersicht | rapport | compte rendu | informe | resumen | relazione | rapporto",
    ),
    "minutes": _any("minutes | protokoll | proces-verbal | acta | verbale"),
    "invoice": _any("invoice | bill | rechnung | facture | factura | fattura"),
    "page": _any(
        r"handbill | poster | plakat | flugblatt",
        r"page | landing | website | brochure | flyer | leaflet | seite | webseite | broschure | depliant | pagina",
        r"folleto | volantino",
    ),
    "post": _any(r"post | linkedin | social media | announcement | ankundigung | annonce | anuncio | annuncio"),
    "email": _any(
        r"e-?mail | mail | reply | letter | message | nachricht | schreiben an | lettre | courriel | carta",
        r"correo | lettera",
        r"mensaje | messaggio",
    ),
}
