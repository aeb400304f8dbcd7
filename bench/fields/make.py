#!/usr/bin/env python3
"""Writes the documents of dev/ and frozen/ with their labels (labels.json, in the shape of the ready-made schemas).

Every document has a layout of its own, and no layout is in both halves. People, firms and amounts are made up. PDF and PNG are
made by Chromium from HTML (PNG as a picture of the page: a scan). Run with build/tests/bin/python; what is committed is what it
wrote, so that it need not run again."""
import html
import json
import os
import shutil
import sys
from pathlib import Path

HERE = Path(__file__).parent
DOCS = {"dev": [], "frozen": []}


def add(half, name, schema, body, labels, form):
    DOCS[half].append((name, schema, body, labels, form))


def eur(amount, symbol=" €"):
    return f"{amount:,.2f}".replace(",", "_").replace(".", ",").replace("_", ".") + symbol


def usd(amount, symbol="$"):
    return symbol + f"{amount:,.2f}"


def rows_html(rows, head):
    line = lambda cells, tag: "<tr>" + "".join(f"<{tag}>{html.escape(str(c))}</{tag}>" for c in cells) + "</tr>"
    return "<table border=1 cellpadding=4 style='border-collapse:collapse;width:100%'>" + line(head, "th") + "".join(line(r, "td") for r in rows) + "</table>"


def page(body, style=""):
    return f"<html><head><meta charset=utf-8><style>body{{font-family:Arial,sans-serif;font-size:12pt;margin:1.5cm}}{style}</style></head><body>{body}</body></html>"


def items(*rows):
    return [{k: v for k, v in zip(("description", "quantity", "unit_price", "amount"), row) if v is not None} for row in rows]


# --- Invoices, first half -------------------------------------------------------------------------------------------------

add("dev", "inv01.pdf", "invoice", page(f"""
<div style='display:flex;justify-content:space-between'><div><b>Northwind Traders Ltd.</b><br>12 Harbour Road<br>Bristol BS1 4ST<br>VAT No: GB243609761</div>
<div><h1>INVOICE</h1>Invoice No: INV-2024-0117<br>Invoice date: 12 March 2024<br>Due date: 11 April 2024</div></div>
<h3>Bill to</h3><p>Acme Widgets Inc<br>77 Market Street<br>Leeds LS1 6AA</p>
{rows_html([("Widget A", 2, "£10.00", "£20.00"), ("Service fee", 1, "£1,250.50", "£1,250.50")], ("Description", "Qty", "Unit price", "Amount"))}
<p style='text-align:right'>Subtotal: £1,270.50<br>VAT 20%: £254.10<br><b>Total: £1,524.60</b></p><p>IBAN: GB33BUKB20201555555555</p>"""),
    {"number": "INV-2024-0117", "date": "2024-03-12", "due_date": "2024-04-11",
     "seller": {"name": "Northwind Traders Ltd.", "address": "12 Harbour Road, Bristol BS1 4ST", "vat_id": "GB243609761"},
     "buyer": {"name": "Acme Widgets Inc", "address": "77 Market Street, Leeds LS1 6AA"},
     "items": items(("Widget A", 2, 10, 20), ("Service fee", 1, 1250.5, 1250.5)),
     "net": 1270.5, "tax_rate": 20, "tax": 254.1, "total": 1524.6, "currency": "GBP", "iban": "GB33BUKB20201555555555"}, "pdf")

add("dev", "inv02.txt", "invoice", """Müller & Söhne GmbH
Hauptstraße 5
10115 Berlin
USt-IdNr.: DE136695976

Rechnung an:
Bäckerei Krone
Ringweg 12
20095 Hamburg

RECHNUNG

Rechnungsnummer:    R-2023-889
Rechnungsdatum:     05.11.2023
Kundennummer:       K-4711
Zahlbar bis:        19.11.2023

Pos  Bezeichnung              Menge   Einzelpreis     Gesamt
1    Mehl Type 405              40        0,89 €     35,60 €
2    Backtrennpapier            10        4,25 €     42,50 €
3    Lieferung                   1       12,00 €     12,00 €

                              Nettobetrag:           90,10 €
                              MwSt 19 %:             17,12 €
                              Gesamtbetrag:         107,22 €

Bankverbindung: IBAN DE89 3704 0044 0532 0130 00, BIC COBADEFFXXX
""", {"number": "R-2023-889", "date": "2023-11-05", "due_date": "2023-11-19", "customer_number": "K-4711",
      "seller": {"name": "Müller & Söhne GmbH", "address": "Hauptstraße 5, 10115 Berlin", "vat_id": "DE136695976"},
      "buyer": {"name": "Bäckerei Krone", "address": "Ringweg 12, 20095 Hamburg"},
      "items": items(("Mehl Type 405", 40, .89, 35.6), ("Backtrennpapier", 10, 4.25, 42.5), ("Lieferung", 1, 12, 12)),
      "net": 90.1, "tax_rate": 19, "tax": 17.12, "total": 107.22, "currency": "EUR", "iban": "DE89370400440532013000", "bic": "COBADEFFXXX"}, "txt")

add("dev", "inv03.html", "invoice", page(f"""<h2>Brightside Consulting LLC</h2><p>400 Lake Avenue, Chicago, IL 60601<br>Phone: +1 312 555 0147<br>billing@brightside.example</p>
<table><tr><td><b>Invoice #</b></td><td>10457</td></tr><tr><td><b>Date</b></td><td>06/30/2024</td></tr><tr><td><b>Due Date</b></td><td>07/30/2024</td></tr><tr><td><b>PO Number</b></td><td>PO-88231</td></tr></table>
<p><b>Bill To:</b><br>Gardner Logistics<br>9 Depot Lane<br>Gary, IN 46402</p>
{rows_html([("Strategy workshop", "16", "$150.00", "$2,400.00"), ("Travel expenses", "1", "$320.75", "$320.75")], ("Item", "Hours", "Rate", "Line total"))}
<table><tr><td>Subtotal</td><td>$2,720.75</td></tr><tr><td>Sales tax (8.25%)</td><td>$224.46</td></tr><tr><td>Amount due</td><td>$2,945.21</td></tr></table>"""),
    {"number": "10457", "date": "2024-06-30", "due_date": "2024-07-30", "order_number": "PO-88231",
     "seller": {"name": "Brightside Consulting LLC", "address": "400 Lake Avenue, Chicago, IL 60601", "phone": "+1 312 555 0147", "email": "billing@brightside.example"},
     "buyer": {"name": "Gardner Logistics", "address": "9 Depot Lane, Gary, IN 46402"},
     "items": items(("Strategy workshop", 16, 150, 2400), ("Travel expenses", 1, 320.75, 320.75)),
     "net": 2720.75, "tax_rate": 8.25, "tax": 224.46, "total": 2945.21, "currency": "USD"}, "html")

add("dev", "inv04.pdf", "invoice", page(f"""<p style='font-size:9pt'>Elektro Weber KG · Industriestr. 44 · 70565 Stuttgart</p>
<p>Frau<br>Sabine Lorenz<br>Am Hang 3<br>73730 Esslingen</p>
<table style='float:right'><tr><td>Rechnung Nr.</td><td>2024/0391</td></tr><tr><td>Datum</td><td>17.06.2024</td></tr><tr><td>Kunden-Nr.</td><td>10388</td></tr></table>
<h2 style='clear:both'>Rechnung</h2>
{rows_html([("1", "Steckdose montiert", "3 Stk", "25,00", "75,00"), ("2", "Arbeitszeit", "2,5 Std", "58,00", "145,00")], ("Pos.", "Leistung", "Menge", "Einzelpreis EUR", "Betrag EUR"))}
<table style='float:right'><tr><td>Summe netto</td><td>220,00 EUR</td></tr><tr><td>zzgl. 19 % MwSt.</td><td>41,80 EUR</td></tr><tr><td><b>Rechnungsbetrag</b></td><td><b>261,80 EUR</b></td></tr></table>
<p style='clear:both'>Bitte zahlen Sie bis 01.07.2024 auf unser Konto.</p><p style='font-size:8pt'>USt-IdNr. DE811569869 · IBAN DE02 1203 0000 0000 2020 51 · BIC BYLADEM1001 · Tel. 0711 / 123456</p>"""),
    {"number": "2024/0391", "date": "2024-06-17", "due_date": "2024-07-01", "customer_number": "10388",
     "seller": {"name": "Elektro Weber KG", "address": "Industriestr. 44, 70565 Stuttgart", "vat_id": "DE811569869", "phone": "0711 / 123456"},
     "buyer": {"name": "Sabine Lorenz", "address": "Am Hang 3, 73730 Esslingen"},
     "items": items(("Steckdose montiert", 3, 25, 75), ("Arbeitszeit", 2.5, 58, 145)),
     "net": 220, "tax_rate": 19, "tax": 41.8, "total": 261.8, "currency": "EUR", "iban": "DE02120300000000202051", "bic": "BYLADEM1001"}, "pdf")

add("dev", "inv05.txt", "invoice", """TAX INVOICE                                   Invoice number: 7731-B
Harbour View Catering Pty                     Issue date: 2 May 2025
3 Quay Street, Sydney NSW 2000                Payment due: 16 May 2025

Invoice to: Blue Whale Events
            88 George Street, Parramatta NSW 2150

Description                      Quantity    Unit price       Amount
Canapes, 3 per guest                  120         $7.50      $900.00
Waiting staff, evening                  4       $180.00      $720.00

Net amount                                                 $1,620.00
GST (10%)                                                    $162.00
Total due                                                  $1,782.00
Please quote the invoice number with your payment.
""", {"number": "7731-B", "date": "2025-05-02", "due_date": "2025-05-16",
      "seller": {"name": "Harbour View Catering Pty", "address": "3 Quay Street, Sydney NSW 2000"},
      "buyer": {"name": "Blue Whale Events", "address": "88 George Street, Parramatta NSW 2150"},
      "items": items(("Canapes, 3 per guest", 120, 7.5, 900), ("Waiting staff, evening", 4, 180, 720)),
      "net": 1620, "tax_rate": 10, "tax": 162, "total": 1782, "currency": "USD"}, "txt")

add("dev", "inv06.html", "invoice", page(f"""<h1>Facture</h1><p>Atelier Durand SARL<br>14 rue des Lilas<br>69003 Lyon<br>N° TVA : FR40303265045</p>
<p>Facture n° : F2024-058<br>Date de facturation : 3 février 2024<br>Échéance : 4 mars 2024</p><p>Facturé à :<br>Mairie de Vienne<br>1 place de l'Hôtel<br>38200 Vienne</p>
{rows_html([("Table en chêne", "2", "450,00 €", "900,00 €"), ("Pose", "1", "120,00 €", "120,00 €")], ("Désignation", "Quantité", "Prix unitaire", "Montant HT"))}
<p>Total HT : 1 020,00 €<br>TVA 20 % : 204,00 €<br>Total TTC : 1 224,00 €</p>"""),
    {"number": "F2024-058", "date": "2024-02-03", "due_date": "2024-03-04",
     "seller": {"name": "Atelier Durand SARL", "address": "14 rue des Lilas, 69003 Lyon", "vat_id": "FR40303265045"},
     "buyer": {"name": "Mairie de Vienne", "address": "1 place de l'Hôtel, 38200 Vienne"},
     "items": items(("Table en chêne", 2, 450, 900), ("Pose", 1, 120, 120)),
     "net": 1020, "tax_rate": 20, "tax": 204, "total": 1224, "currency": "EUR"}, "html")

add("dev", "inv07.png", "invoice", page(f"""<h1>INVOICE</h1><p><b>From</b><br>Oak & Iron Workshop<br>5 Mill Lane<br>York YO1 7HH</p><p><b>To</b><br>Fern Hotel Group<br>21 Abbey Road<br>London NW8 9AY</p>
<p>Invoice number: 2025-031<br>Invoice date: 14 January 2025<br>Due date: 13 February 2025</p>
{rows_html([("Dining chair", "8", "£95.00", "£760.00"), ("Delivery", "1", "£40.00", "£40.00")], ("Description", "Qty", "Price", "Amount"))}
<p>Subtotal: £800.00</p><p>VAT (20%): £160.00</p><p>Total: £960.00</p>""", "body{font-size:15pt}"),
    {"number": "2025-031", "date": "2025-01-14", "due_date": "2025-02-13",
     "seller": {"name": "Oak & Iron Workshop", "address": "5 Mill Lane, York YO1 7HH"}, "buyer": {"name": "Fern Hotel Group", "address": "21 Abbey Road, London NW8 9AY"},
     "items": items(("Dining chair", 8, 95, 760), ("Delivery", 1, 40, 40)), "net": 800, "tax_rate": 20, "tax": 160, "total": 960, "currency": "GBP"}, "png")

add("dev", "inv08.pdf", "invoice", page(f"""<h2>CloudNine Hosting B.V.</h2><p>Keizersgracht 100<br>1015 AA Amsterdam</p>
<table style='width:100%'><tr><th align=left>Invoice number</th><th align=left>Invoice date</th><th align=left>Due date</th><th align=left>Customer ID</th></tr><tr><td>CN-559021</td><td>2024-09-01</td><td>2024-09-15</td><td>C-3391</td></tr></table>
<p><b>Billed to</b><br>Tomás Rivera<br>Calle Mayor 8<br>28013 Madrid</p>
{rows_html([("Virtual server, September", 1, "€24.00", "€24.00"), ("Backup storage 500 GB", 2, "€5.50", "€11.00")], ("Service", "Quantity", "Unit price", "Total"))}
<p>Total excl. VAT €35.00</p><p>VAT 21% €7.35</p><p><b>Total incl. VAT €42.35</b></p><p>Payable to IBAN NL91 ABNA 0417 1643 00, BIC ABNANL2A</p>"""),
    {"number": "CN-559021", "date": "2024-09-01", "due_date": "2024-09-15", "customer_number": "C-3391",
     "seller": {"name": "CloudNine Hosting B.V.", "address": "Keizersgracht 100, 1015 AA Amsterdam"},
     "buyer": {"name": "Tomás Rivera", "address": "Calle Mayor 8, 28013 Madrid"},
     "items": items(("Virtual server, September", 1, 24, 24), ("Backup storage 500 GB", 2, 5.5, 11)),
     "net": 35, "tax_rate": 21, "tax": 7.35, "total": 42.35, "currency": "EUR", "iban": "NL91ABNA0417164300", "bic": "ABNANL2A"}, "pdf")

# --- Invoices, second half ------------------------------------------------------------------------------------------------

add("frozen", "inv11.pdf", "invoice", page(f"""<table style='width:100%'><tr><td><b>Summit Outdoor Gear, Inc.</b><br>1500 Pine Street<br>Denver, CO 80202</td><td align=right><span style='font-size:22pt'>Invoice</span><br>No. 2024-5567<br>Issued: August 9, 2024<br>Due by: September 8, 2024</td></tr></table>
<p>Customer:<br>Riverbend School District<br>200 School Road<br>Boulder, CO 80301</p>
{rows_html([("SKU-1", "Tent, four person", "6", "$210.00", "$1,260.00"), ("SKU-9", "Sleeping bag", "12", "$64.50", "$774.00")], ("Code", "Product", "Units", "Price each", "Total"))}
<table style='float:right'><tr><td>Sub-total</td><td>$2,034.00</td></tr><tr><td>Tax (5%)</td><td>$101.70</td></tr><tr><td>Grand total</td><td>$2,135.70</td></tr></table>"""),
    {"number": "2024-5567", "date": "2024-08-09", "due_date": "2024-09-08",
     "seller": {"name": "Summit Outdoor Gear, Inc.", "address": "1500 Pine Street, Denver, CO 80202"},
     "buyer": {"name": "Riverbend School District", "address": "200 School Road, Boulder, CO 80301"},
     "items": items(("Tent, four person", 6, 210, 1260), ("Sleeping bag", 12, 64.5, 774)),
     "net": 2034, "tax_rate": 5, "tax": 101.7, "total": 2135.7, "currency": "USD"}, "pdf")

add("frozen", "inv12.txt", "invoice", """Gartenbau Petersen e.K. | Deichweg 7 | 25813 Husum

Rechnungsempfänger: Hotel Nordlicht, Strandallee 1, 25980 Sylt

Beleg-Nr.: GP-0092          Ausgestellt am: 28.08.2024
Fällig am: 11.09.2024       Ihre Bestellung: B-77

Beschreibung | Anzahl | Preis | Summe
Heckenschnitt | 6 | 45,00 EUR | 270,00 EUR
Entsorgung Grünschnitt | 2 | 30,00 EUR | 60,00 EUR

Zwischensumme 330,00 EUR
Umsatzsteuer 19% 62,70 EUR
Endbetrag 392,70 EUR

Zahlung auf das Konto DE75 5121 0800 1245 1261 99 (SOGEDEFF)
USt-ID: DE129274202
""", {"number": "GP-0092", "date": "2024-08-28", "due_date": "2024-09-11", "order_number": "B-77",
      "seller": {"name": "Gartenbau Petersen e.K.", "address": "Deichweg 7, 25813 Husum", "vat_id": "DE129274202"},
      "buyer": {"name": "Hotel Nordlicht", "address": "Strandallee 1, 25980 Sylt"},
      "items": items(("Heckenschnitt", 6, 45, 270), ("Entsorgung Grünschnitt", 2, 30, 60)),
      "net": 330, "tax_rate": 19, "tax": 62.7, "total": 392.7, "currency": "EUR", "iban": "DE75512108001245126199"}, "txt")

add("frozen", "inv13.html", "invoice", page(f"""<div><h1>Invoice 3318</h1><dl><dt>Vendor</dt><dd>Pixel Forge Studio</dd><dt>Client</dt><dd>Luna Cosmetics Ltd</dd><dt>Date issued</dt><dd>1 December 2024</dd><dt>Payment due by</dt><dd>31 December 2024</dd><dt>Purchase order</dt><dd>4500012345</dd></dl></div>
{rows_html([("Logo redesign", "1", "£1,800.00", "£1,800.00"), ("Packaging artwork", "3", "£350.00", "£1,050.00")], ("Details", "Qty", "Unit cost", "Amount"))}
<p>Net total: £2,850.00</p><p>VAT @ 20%: £570.00</p><p>Balance due: £3,420.00</p><p>Questions? accounts@pixelforge.example</p>"""),
    {"number": "3318", "date": "2024-12-01", "due_date": "2024-12-31", "order_number": "4500012345",
     "seller": {"name": "Pixel Forge Studio", "email": "accounts@pixelforge.example"}, "buyer": {"name": "Luna Cosmetics Ltd"},
     "items": items(("Logo redesign", 1, 1800, 1800), ("Packaging artwork", 3, 350, 1050)),
     "net": 2850, "tax_rate": 20, "tax": 570, "total": 3420, "currency": "GBP"}, "html")

add("frozen", "inv14.pdf", "invoice", page(f"""<p>Hansa Bürobedarf GmbH<br>Speicherstadt 9<br>20457 Hamburg</p><p style='margin-top:1cm'>Kanzlei Vogt & Partner<br>Königsallee 60<br>40212 Düsseldorf</p>
<p style='text-align:right'>Rechnungs-Nr. 88-1204<br>Rechnungsdatum 09.12.2023<br>Kundennummer 5561<br>Fälligkeitsdatum 23.12.2023</p>
{rows_html([("Kopierpapier A4", "20", "4,99 €", "99,80 €"), ("Toner schwarz", "2", "78,50 €", "157,00 €"), ("Versand", "1", "6,90 €", "6,90 €")], ("Artikel", "Menge", "Stückpreis", "Gesamtpreis"))}
<p style='text-align:right'>Netto 263,70 €<br>19 % USt. 50,10 €<br><b>Gesamtsumme 313,80 €</b></p><p>Bank: Hamburger Sparkasse, IBAN DE12 5001 0517 0648 4898 90</p>"""),
    {"number": "88-1204", "date": "2023-12-09", "due_date": "2023-12-23", "customer_number": "5561",
     "seller": {"name": "Hansa Bürobedarf GmbH", "address": "Speicherstadt 9, 20457 Hamburg"},
     "buyer": {"name": "Kanzlei Vogt & Partner", "address": "Königsallee 60, 40212 Düsseldorf"},
     "items": items(("Kopierpapier A4", 20, 4.99, 99.8), ("Toner schwarz", 2, 78.5, 157), ("Versand", 1, 6.9, 6.9)),
     "net": 263.7, "tax_rate": 19, "tax": 50.1, "total": 313.8, "currency": "EUR", "iban": "DE12500105170648489890"}, "pdf")

add("frozen", "inv15.md", "invoice", """# Invoice

**Supplier:** Green Leaf Cleaning Services
**Supplier VAT ID:** IE6388047V

**Customer:** Dockside Apartments
**Invoice no.:** GL/2025/14
**Billing date:** 28 February 2025
**Payable by:** 14 March 2025

| Service | Hours | Rate | Total |
|---|---|---|---|
| Stairwell cleaning | 12 | €22.00 | €264.00 |
| Window cleaning | 5 | €30.00 | €150.00 |

Total excluding VAT: €414.00

VAT (13.5%): €55.89

**Total payable: €469.89**
""", {"number": "GL/2025/14", "date": "2025-02-28", "due_date": "2025-03-14",
      "seller": {"name": "Green Leaf Cleaning Services", "vat_id": "IE6388047V"}, "buyer": {"name": "Dockside Apartments"},
      "items": items(("Stairwell cleaning", 12, 22, 264), ("Window cleaning", 5, 30, 150)),
      "net": 414, "tax_rate": 13.5, "tax": 55.89, "total": 469.89, "currency": "EUR"}, "md")

add("frozen", "inv16.png", "invoice", page(f"""<h2>Fahrradladen Speiche</h2><p>Kettenstr. 8<br>79098 Freiburg</p><h1>Rechnung</h1><p>Rechnungsnummer: 24-771<br>Datum: 03.05.2024<br>Kunde: Jonas Brandt</p>
{rows_html([("Inspektion", "1", "65,00 €", "65,00 €"), ("Bremsbeläge", "2", "12,50 €", "25,00 €")], ("Leistung", "Menge", "Einzelpreis", "Gesamt"))}
<p>Nettobetrag: 75,63 €</p><p>MwSt 19 %: 14,37 €</p><p>Gesamtbetrag: 90,00 €</p>""", "body{font-size:15pt}"),
    {"number": "24-771", "date": "2024-05-03", "seller": {"name": "Fahrradladen Speiche", "address": "Kettenstr. 8, 79098 Freiburg"}, "buyer": {"name": "Jonas Brandt"},
     "items": items(("Inspektion", 1, 65, 65), ("Bremsbeläge", 2, 12.5, 25)), "net": 75.63, "tax_rate": 19, "tax": 14.37, "total": 90, "currency": "EUR"}, "png")

add("frozen", "inv17.html", "invoice", page("""<table style='width:100%'><tr><td>Invoice date<br><b>11/07/2024</b></td><td>Invoice number<br><b>A-9921</b></td><td>Terms<br><b>Net 14</b></td></tr></table>
<table style='width:100%'><tr><th align=left>From</th><th align=left>Bill to</th></tr><tr><td>Kestrel Couriers Ltd<br>Unit 4, Airfield Park<br>Cardiff CF10 1AB</td><td>Meadow Pharmacy<br>61 High Street<br>Swansea SA1 1LF</td></tr></table>
<table style='width:100%' border=1><tr><th>Description</th><th>Quantity</th><th>Rate</th><th>Amount</th></tr><tr><td>Same-day delivery</td><td>34</td><td>£6.20</td><td>£210.80</td></tr><tr><td>Night surcharge</td><td>5</td><td>£3.00</td><td>£15.00</td></tr>
<tr><td colspan=3 align=right>Subtotal</td><td>£225.80</td></tr><tr><td colspan=3 align=right>VAT 20%</td><td>£45.16</td></tr><tr><td colspan=3 align=right>Total</td><td>£270.96</td></tr></table>"""),
    {"number": "A-9921", "date": "2024-07-11", "seller": {"name": "Kestrel Couriers Ltd", "address": "Unit 4, Airfield Park, Cardiff CF10 1AB"},
     "buyer": {"name": "Meadow Pharmacy", "address": "61 High Street, Swansea SA1 1LF"},
     "items": items(("Same-day delivery", 34, 6.2, 210.8), ("Night surcharge", 5, 3, 15)), "net": 225.8, "tax_rate": 20, "tax": 45.16, "total": 270.96, "currency": "GBP"}, "html")

add("frozen", "inv18.txt", "invoice", """RECHNUNG NR. 55/2025
vom 03.03.2025

Rechnungssteller: Malerbetrieb Krüger, Lindenweg 2, 04109 Leipzig
Auftraggeber: Wohnbau Süd eG, Parkstr. 18, 04416 Markkleeberg
Auftrags-Nr.: WS-2025-3

Leistung                          Menge    Einzelpreis      Betrag
Wände streichen, Treppenhaus     180 qm         8,50 €  1.530,00 €
Fensterrahmen lackieren           14 Stk       35,00 €    490,00 €

Summe netto                                            2.020,00 €
Mehrwertsteuer 19 %                                      383,80 €
Summe brutto                                           2.403,80 €

Zahlungsziel: 17.03.2025
IBAN: DE21 3012 0400 0000 0152 28
""", {"number": "55/2025", "date": "2025-03-03", "due_date": "2025-03-17", "order_number": "WS-2025-3",
      "seller": {"name": "Malerbetrieb Krüger", "address": "Lindenweg 2, 04109 Leipzig"},
      "buyer": {"name": "Wohnbau Süd eG", "address": "Parkstr. 18, 04416 Markkleeberg"},
      "items": items(("Wände streichen, Treppenhaus", 180, 8.5, 1530), ("Fensterrahmen lackieren", 14, 35, 490)),
      "net": 2020, "tax_rate": 19, "tax": 383.8, "total": 2403.8, "currency": "EUR", "iban": "DE21301204000000015228"}, "txt")

# --- Receipts -------------------------------------------------------------------------------------------------------------

add("dev", "rec01.txt", "receipt", """CORNER MARKET
18 Elm Street, Portland
Tel 503 555 0199

Receipt No: 004512
Date: 04/18/2024   Time: 14:32

Whole milk 1gal      3.89
Sourdough bread      5.25
Bananas 2 lb         1.58

Subtotal            10.72
Tax                  0.00
TOTAL              $10.72
Paid by: VISA
Thank you!
""", {"shop": "CORNER MARKET", "number": "004512", "date": "2024-04-18", "time": "14:32",
      "items": items(("Whole milk 1gal", None, None, 3.89), ("Sourdough bread", None, None, 5.25), ("Bananas 2 lb", None, None, 1.58)),
      "net": 10.72, "tax": 0, "total": 10.72, "currency": "USD", "payment_method": "card"}, "txt")
add("dev", "rec02.txt", "receipt", """        FRISCHEMARKT
     Bahnhofstr. 2, 50667 Köln

Vollkornbrot             2,79 B
Butter                   2,19 B
Apfelsaft                1,49 A
--------------------------------
SUMME EUR                6,47
Gegeben BAR             10,00
Rückgeld                 3,53

Bon-Nr. 8812
23.01.2025  17:05 Uhr
""", {"shop": "FRISCHEMARKT", "number": "8812", "date": "2025-01-23", "time": "17:05",
      "items": items(("Vollkornbrot", None, None, 2.79), ("Butter", None, None, 2.19), ("Apfelsaft", None, None, 1.49)),
      "total": 6.47, "currency": "EUR", "payment_method": "cash"}, "txt")
add("dev", "rec03.html", "receipt", page("""<h3>Café Lumière</h3><p>Table 4 &middot; 9 May 2024 &middot; 11:48</p><table><tr><th>Item</th><th>Qty</th><th>Price</th></tr><tr><td>Cappuccino</td><td>2</td><td>£7.00</td></tr><tr><td>Almond croissant</td><td>1</td><td>£3.40</td></tr></table>
<p>Total: £10.40</p><p>Of which VAT: £1.73</p><p>Payment method: Cash</p><p>Transaction ID: T-20931</p>"""),
    {"shop": "Café Lumière", "number": "T-20931", "date": "2024-05-09", "time": "11:48",
     "items": items(("Cappuccino", 2, None, 7), ("Almond croissant", 1, None, 3.4)), "tax": 1.73, "total": 10.4, "currency": "GBP", "payment_method": "cash"}, "html")
add("dev", "rec04.pdf", "receipt", page("""<h2>ParkEasy Garages</h2><p>Receipt number: PE-77120</p><p>Date: 2 October 2024</p><p>Time: 08:15</p><table style='width:60%'><tr><td>Day ticket</td><td>€18.00</td></tr><tr><td>Charging station</td><td>€6.50</td></tr></table><p>Net: €20.59</p><p>VAT 19%: €3.91</p><p><b>Total: €24.50</b></p><p>Paid with card</p>"""),
    {"shop": "ParkEasy Garages", "number": "PE-77120", "date": "2024-10-02", "time": "08:15", "items": items(("Day ticket", None, None, 18), ("Charging station", None, None, 6.5)),
     "net": 20.59, "tax": 3.91, "total": 24.5, "currency": "EUR", "payment_method": "card"}, "pdf")

add("frozen", "rec11.txt", "receipt", """The Book Nook
5 Castle Row, Edinburgh

09/11/2024 16:20            Trans #: 33871

Atlas of birds         1 x 24.99     24.99
Pencil set             2 x  3.50      7.00

Total GBP                            31.99
Card payment                         31.99
""", {"shop": "The Book Nook", "number": "33871", "date": "2024-11-09", "time": "16:20",
      "items": items(("Atlas of birds", 1, None, 24.99), ("Pencil set", 2, None, 7)), "total": 31.99, "currency": "GBP", "payment_method": "card"}, "txt")
add("frozen", "rec12.txt", "receipt", """Apotheke am Markt
Inh. Dr. Eva Kern
Marktplatz 1 - 99423 Weimar

Datum 14.02.2025     Uhrzeit 09:41
Beleg-Nr. 5590-1

Nasenspray 10ml           4,95
Pflaster sensitiv         3,29

Gesamt  EUR               8,24
enthaltene MwSt 19%       1,32
Zahlungsart: EC-Karte
""", {"shop": "Apotheke am Markt", "number": "5590-1", "date": "2025-02-14", "time": "09:41",
      "items": items(("Nasenspray 10ml", None, None, 4.95), ("Pflaster sensitiv", None, None, 3.29)), "tax": 1.32, "total": 8.24, "currency": "EUR", "payment_method": "card"}, "txt")
add("frozen", "rec13.html", "receipt", page("""<h2>Rapid Taxi Co.</h2><p>Ticket no. 120-88</p><p>15 August 2024, 22:10</p><table><tr><td>Fare</td><td>$31.00</td></tr><tr><td>Airport fee</td><td>$4.50</td></tr></table><p>Sales tax: $2.13</p><p>Amount due: $37.63</p><p>Paid by cash</p>"""),
    {"shop": "Rapid Taxi Co.", "number": "120-88", "date": "2024-08-15", "time": "22:10", "items": items(("Fare", None, None, 31), ("Airport fee", None, None, 4.5)),
     "tax": 2.13, "total": 37.63, "currency": "USD", "payment_method": "cash"}, "html")
add("frozen", "rec14.pdf", "receipt", page("""<h3>Gasthof Adler</h3><p>Rechnung / Bon 2231</p><p>Tisch 9 &nbsp; 30.08.2024 &nbsp; 20:37</p><table style='width:70%'><tr><td>2 x Wiener Schnitzel</td><td>37,80</td></tr><tr><td>1 x Apfelstrudel</td><td>6,90</td></tr></table><p>Summe: 44,70 EUR</p><p>Zahlung: bar</p>"""),
    {"shop": "Gasthof Adler", "number": "2231", "date": "2024-08-30", "time": "20:37", "items": items(("Wiener Schnitzel", 2, None, 37.8), ("Apfelstrudel", 1, None, 6.9)),
     "total": 44.7, "currency": "EUR", "payment_method": "cash"}, "pdf")

# --- Contracts ------------------------------------------------------------------------------------------------------------

add("dev", "con01.txt", "contract", """SERVICE AGREEMENT

Contract No. SA-2024-19

This Agreement is made on 15 January 2024 between Orchard Analytics Ltd (the "Provider") and
Pinewood Council (the "Client").

1. Term. This Agreement commences on 1 February 2024 and shall expire on 31 January 2026.

2. Fees. The Client shall pay a total fee of £48,000 in equal monthly instalments.

3. Termination. Either party may terminate this Agreement by giving three months' written notice.

4. Governing law. This Agreement is governed by the laws of England and Wales.
""", {"title": "SERVICE AGREEMENT", "number": "SA-2024-19", "parties": ["Orchard Analytics Ltd", "Pinewood Council"], "date": "2024-01-15",
      "start_date": "2024-02-01", "end_date": "2026-01-31", "notice_period": "three months", "governing_law": "England and Wales", "amount": 48000, "currency": "GBP"}, "txt")
add("dev", "con02.html", "contract", page("""<h1>Mietvertrag</h1><p>zwischen Immobilien Seidel GmbH (Vermieter) und Frau Katrin Albrecht (Mieterin)</p>
<p>§ 1 Das Mietverhältnis beginnt am 01.04.2023 und läuft auf unbestimmte Zeit.</p><p>§ 2 Die monatliche Miete beträgt 1.150,00 EUR.</p>
<p>§ 3 Die Kündigungsfrist beträgt drei Monate.</p><p>§ 4 Es gilt deutsches Recht.</p><p>Dresden, den 12.03.2023</p>"""),
    {"title": "Mietvertrag", "parties": ["Immobilien Seidel GmbH", "Katrin Albrecht"], "date": "2023-03-12", "start_date": "2023-04-01",
     "notice_period": "drei Monate", "governing_law": "deutsches Recht", "amount": 1150, "currency": "EUR"}, "html")
add("dev", "con03.pdf", "contract", page("""<h2>Consulting Contract</h2><table><tr><td>Contract number</td><td>CC-0081</td></tr><tr><td>Contract date</td><td>3 June 2024</td></tr><tr><td>Start date</td><td>10 June 2024</td></tr><tr><td>End date</td><td>9 June 2025</td></tr><tr><td>Notice period</td><td>30 days</td></tr><tr><td>Contract value</td><td>$85,000.00</td></tr><tr><td>Governing law</td><td>State of New York</td></tr></table>
<p>This contract is between Delta Systems Inc. ("Customer") and Maria Fontana ("Consultant"). It has a term of 12 months.</p>"""),
    {"title": "Consulting Contract", "number": "CC-0081", "parties": ["Delta Systems Inc.", "Maria Fontana"], "date": "2024-06-03", "start_date": "2024-06-10", "end_date": "2025-06-09",
     "term": "12 months", "notice_period": "30 days", "governing_law": "State of New York", "amount": 85000, "currency": "USD"}, "pdf")

add("frozen", "con11.txt", "contract", """EMPLOYMENT CONTRACT

between

Silverline Robotics GmbH, Munich
and
Anna Kowalska, Augsburg

Agreement date: 20 September 2024
Employment begins on 1 November 2024.
The annual gross salary is EUR 62,400.
The initial term is two years.
Notice period: six weeks
This contract is governed by German law.
""", {"title": "EMPLOYMENT CONTRACT", "parties": ["Silverline Robotics GmbH", "Anna Kowalska"], "date": "2024-09-20", "start_date": "2024-11-01",
      "term": "two years", "notice_period": "six weeks", "governing_law": "German law", "amount": 62400, "currency": "EUR"}, "txt")
add("frozen", "con12.html", "contract", page("""<h1>Wartungsvertrag Nr. WV-338</h1><p>abgeschlossen am 2. Mai 2024 zwischen</p><p>Aufzug Nord GmbH</p><p>und</p><p>Hausverwaltung Lindner KG</p>
<p>Vertragsbeginn: 01.06.2024<br>Vertragsende: 31.05.2027<br>Vergütung: 3.600,00 € jährlich</p><p>Der Vertrag kann mit einer Frist von 6 Monaten gekündigt werden. Anwendbares Recht: Recht der Bundesrepublik Deutschland.</p>"""),
    {"title": "Wartungsvertrag Nr. WV-338", "number": "WV-338", "parties": ["Aufzug Nord GmbH", "Hausverwaltung Lindner KG"], "date": "2024-05-02", "start_date": "2024-06-01", "end_date": "2027-05-31",
     "notice_period": "6 Monaten", "governing_law": "Recht der Bundesrepublik Deutschland", "amount": 3600, "currency": "EUR"}, "html")
add("frozen", "con13.pdf", "contract", page("""<h1>Software License Agreement</h1><p>This Software License Agreement ("Agreement") is entered into on July 8, 2024 by and between Quantum Leaf Corp. ("Licensor") and Harvest Foods LLC ("Licensee").</p>
<p><b>Effective date.</b> This Agreement takes effect on August 1, 2024 and remains in force for a period of 36 months.</p><p><b>Fees.</b> Licensee shall pay an annual fee of $12,500.</p><p><b>Termination.</b> Either party may terminate upon sixty (60) days prior written notice.</p><p><b>Law.</b> This Agreement shall be governed by and construed in accordance with the laws of the State of California, without regard to conflicts of law.</p>"""),
    {"title": "Software License Agreement", "parties": ["Quantum Leaf Corp.", "Harvest Foods LLC"], "date": "2024-07-08", "start_date": "2024-08-01", "term": "36 months",
     "notice_period": "sixty (60) days", "governing_law": "State of California", "amount": 12500, "currency": "USD"}, "pdf")

# --- Curricula vitae ------------------------------------------------------------------------------------------------------

add("dev", "cv01.txt", "cv", """Helen Marsh
Email: helen.marsh@example.org
Phone: +44 20 7946 0018
Address: 8 Rowan Close, Oxford OX2 6TP

WORK EXPERIENCE

2019 - present   Data Engineer, Riverstone Bank
2015 - 2019      Analyst, Polar Insurance

EDUCATION

2012 - 2015      BSc Mathematics, University of Leeds

SKILLS
Python, SQL, Airflow

LANGUAGES
English, Spanish
""", {"name": "Helen Marsh", "email": "helen.marsh@example.org", "phone": "+44 20 7946 0018", "address": "8 Rowan Close, Oxford OX2 6TP",
      "experience": [{"position": "Data Engineer", "employer": "Riverstone Bank", "start": "2019", "end": "present"}, {"position": "Analyst", "employer": "Polar Insurance", "start": "2015", "end": "2019"}],
      "education": [{"degree": "BSc Mathematics", "institution": "University of Leeds", "start": "2012", "end": "2015"}],
      "skills": ["Python", "SQL", "Airflow"], "languages": ["English", "Spanish"]}, "txt")
add("dev", "cv02.html", "cv", page("""<h1>Lebenslauf</h1><table><tr><td>Name</td><td>Stefan Hofer</td></tr><tr><td>Geburtsdatum</td><td>14.07.1988</td></tr><tr><td>Staatsangehörigkeit</td><td>österreichisch</td></tr><tr><td>E-Mail</td><td>s.hofer@example.at</td></tr><tr><td>Telefon</td><td>+43 660 1234567</td></tr><tr><td>Anschrift</td><td>Feldgasse 3, 4020 Linz</td></tr></table>
<h2>Berufserfahrung</h2><p>03/2016 – heute<br>Projektleiter bei Alpenbau AG</p><p>09/2011 – 02/2016<br>Bauingenieur bei Donau Beton GmbH</p><h2>Ausbildung</h2><p>2006 – 2011<br>Dipl.-Ing. Bauwesen, Technische Universität Wien</p><h2>Kenntnisse</h2><ul><li>AutoCAD</li><li>MS Project</li></ul><h2>Sprachen</h2><ul><li>Deutsch</li><li>Englisch</li></ul>"""),
    {"name": "Stefan Hofer", "email": "s.hofer@example.at", "phone": "+43 660 1234567", "address": "Feldgasse 3, 4020 Linz", "date_of_birth": "1988-07-14", "nationality": "österreichisch",
     "experience": [{"position": "Projektleiter", "employer": "Alpenbau AG", "start": "2016-03", "end": "present"}, {"position": "Bauingenieur", "employer": "Donau Beton GmbH", "start": "2011-09", "end": "2016-02"}],
     "education": [{"degree": "Dipl.-Ing. Bauwesen", "institution": "Technische Universität Wien", "start": "2006", "end": "2011"}], "skills": ["AutoCAD", "MS Project"], "languages": ["Deutsch", "Englisch"]}, "html")
add("dev", "cv03.pdf", "cv", page("""<h1>Marcus Bell</h1><p>marcus.bell@example.com | +1 617 555 0133 | www.marcusbell.example</p><h2>Experience</h2><p><b>Senior Product Designer</b>, Lighthouse Software<br>Jan 2020 – Present</p><p><b>Designer</b>, Fable Games<br>Jun 2016 – Dec 2019</p><h2>Education</h2><p>BFA Graphic Design, Rhode Island School of Design<br>2012 – 2016</p><h2>Skills</h2><p>Figma, Prototyping, User research</p>"""),
    {"name": "Marcus Bell", "email": "marcus.bell@example.com", "phone": "+1 617 555 0133", "website": "www.marcusbell.example",
     "experience": [{"position": "Senior Product Designer", "employer": "Lighthouse Software", "start": "2020-01", "end": "present"}, {"position": "Designer", "employer": "Fable Games", "start": "2016-06", "end": "2019-12"}],
     "education": [{"degree": "BFA Graphic Design", "institution": "Rhode Island School of Design", "start": "2012", "end": "2016"}], "skills": ["Figma", "Prototyping", "User research"]}, "pdf")

add("frozen", "cv11.txt", "cv", """CURRICULUM VITAE

Full name: Priya Raman
Date of birth: 2 February 1991
Nationality: Indian
E-mail: priya.raman@example.net
Mobile: +91 98 7654 3210

Employment history
Apr 2018 - today: Research Scientist at Lotus Biotech
Aug 2014 - Mar 2018: Lab Technician at Ganga Hospital

Academic background
2010 - 2014: MSc Biochemistry, University of Madras

Technical skills: PCR, R, Flow cytometry
Languages: English, Tamil, Hindi
""", {"name": "Priya Raman", "email": "priya.raman@example.net", "phone": "+91 98 7654 3210", "date_of_birth": "1991-02-02", "nationality": "Indian",
      "experience": [{"position": "Research Scientist", "employer": "Lotus Biotech", "start": "2018-04", "end": "present"}, {"position": "Lab Technician", "employer": "Ganga Hospital", "start": "2014-08", "end": "2018-03"}],
      "education": [{"degree": "MSc Biochemistry", "institution": "University of Madras", "start": "2010", "end": "2014"}], "skills": ["PCR", "R", "Flow cytometry"], "languages": ["English", "Tamil", "Hindi"]}, "txt")
add("frozen", "cv12.pdf", "cv", page("""<h1>Lea Brunner</h1><p>Bergweg 17, 3011 Bern · lea.brunner@example.ch · +41 79 555 01 02</p><p>Geboren am 30.11.1993</p><h2>Beruflicher Werdegang</h2><p>Seit 2021 Redakteurin, Verlag Morgenrot AG</p><p>2017 – 2021 Volontärin, Berner Bote</p><h2>Studium</h2><p>2012 – 2017 MA Germanistik, Universität Bern</p><h2>Sprachkenntnisse</h2><p>Deutsch, Französisch, Italienisch</p>"""),
    {"name": "Lea Brunner", "email": "lea.brunner@example.ch", "phone": "+41 79 555 01 02", "address": "Bergweg 17, 3011 Bern", "date_of_birth": "1993-11-30",
     "experience": [{"position": "Redakteurin", "employer": "Verlag Morgenrot AG", "start": "2021", "end": "present"}, {"position": "Volontärin", "employer": "Berner Bote", "start": "2017", "end": "2021"}],
     "education": [{"degree": "MA Germanistik", "institution": "Universität Bern", "start": "2012", "end": "2017"}], "languages": ["Deutsch", "Französisch", "Italienisch"]}, "pdf")
add("frozen", "cv13.html", "cv", page("""<h1>Resume – Daniel Osei</h1><p>Tel: +233 24 555 0177<br>Email: dosei@example.com<br>Address: 12 Ring Road, Accra</p><h2>Professional experience</h2><table><tr><th>Period</th><th>Position</th><th>Employer</th></tr><tr><td>2017 – 2023</td><td>Site Manager</td><td>Volta Construction Ltd</td></tr><tr><td>2013 – 2017</td><td>Surveyor</td><td>Coastline Group</td></tr></table><h2>Qualifications</h2><table><tr><th>Period</th><th>Degree</th><th>School</th></tr><tr><td>2009 – 2013</td><td>BEng Civil Engineering</td><td>Kumasi Technical College</td></tr></table><h2>Skills</h2><ul><li>Surveying</li><li>Scheduling</li></ul>"""),
    {"name": "Daniel Osei", "email": "dosei@example.com", "phone": "+233 24 555 0177", "address": "12 Ring Road, Accra",
     "experience": [{"position": "Site Manager", "employer": "Volta Construction Ltd", "start": "2017", "end": "2023"}, {"position": "Surveyor", "employer": "Coastline Group", "start": "2013", "end": "2017"}],
     "education": [{"degree": "BEng Civil Engineering", "institution": "Kumasi Technical College", "start": "2009", "end": "2013"}], "skills": ["Surveying", "Scheduling"]}, "html")

# --- Letters --------------------------------------------------------------------------------------------------------------

add("dev", "let01.txt", "letter", """Rosewood Dental Practice
40 Station Road
Reading RG1 1LG

Mr Alan Whitby
3 Orchard Street
Reading RG4 8QT

7 March 2025

Our ref: RD/5512

Subject: Change of your appointment

Dear Mr Whitby,

we have to move your appointment to the following week.

Yours sincerely,

Dr Fiona Grant
""", {"date": "2025-03-07", "subject": "Change of your appointment", "reference": "RD/5512", "sender": {"name": "Rosewood Dental Practice", "address": "40 Station Road, Reading RG1 1LG"},
      "recipient": {"name": "Mr Alan Whitby", "address": "3 Orchard Street, Reading RG4 8QT"}, "salutation": "Dear Mr Whitby", "signed_by": "Dr Fiona Grant"}, "txt")
add("dev", "let02.pdf", "letter", page("""<p>Stadtwerke Jena GmbH<br>Rudolstädter Str. 39<br>07745 Jena</p><p>Herrn<br>Peter Scholz<br>Gartenweg 11<br>07743 Jena</p><p style='text-align:right'>Jena, 18.10.2024</p><p>Unser Zeichen: KW-2231</p><p><b>Betreff: Ablesung Ihres Zählers</b></p><p>Sehr geehrter Herr Scholz,</p><p>wir bitten Sie, uns den Stand Ihres Zählers mitzuteilen.</p><p>Mit freundlichen Grüßen</p><p>Karin Wolff</p>"""),
    {"date": "2024-10-18", "subject": "Ablesung Ihres Zählers", "reference": "KW-2231", "sender": {"name": "Stadtwerke Jena GmbH", "address": "Rudolstädter Str. 39, 07745 Jena"},
     "recipient": {"name": "Peter Scholz", "address": "Gartenweg 11, 07743 Jena"}, "salutation": "Sehr geehrter Herr Scholz", "signed_by": "Karin Wolff"}, "pdf")
add("frozen", "let11.txt", "letter", """From: Greenfield Housing Association
To: Ms Olivia Hart, 22 Birch Avenue, Derby DE1 2GH
Date: 30 May 2024
Reference: GHA-9081
Re: Repair of your boiler

Dear Ms Hart,

Our engineer will visit you on 6 June 2024.

Kind regards
Thomas Reed
""", {"date": "2024-05-30", "subject": "Repair of your boiler", "reference": "GHA-9081", "sender": {"name": "Greenfield Housing Association"},
      "recipient": {"name": "Ms Olivia Hart", "address": "22 Birch Avenue, Derby DE1 2GH"}, "salutation": "Dear Ms Hart", "signed_by": "Thomas Reed"}, "txt")
add("frozen", "let12.html", "letter", page("""<p>Musikschule Harmonie<br>Am Theater 4<br>38100 Braunschweig</p><p>Familie Neumann<br>Wiesenstr. 20<br>38102 Braunschweig</p><p>Braunschweig, den 5. September 2024</p><p>Betreff: Unterricht im Herbst</p><p>Liebe Familie Neumann,</p><p>der Unterricht beginnt am 16. September 2024.</p><p>Herzliche Grüße</p><p>Ulrike Sommer</p>"""),
    {"date": "2024-09-05", "subject": "Unterricht im Herbst", "sender": {"name": "Musikschule Harmonie", "address": "Am Theater 4, 38100 Braunschweig"},
     "recipient": {"name": "Familie Neumann", "address": "Wiesenstr. 20, 38102 Braunschweig"}, "salutation": "Liebe Familie Neumann", "signed_by": "Ulrike Sommer"}, "html")


def main():
    from playwright.sync_api import sync_playwright
    with sync_playwright() as started:
        browser = started.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"])
        tab = browser.new_page(viewport={"width": 900, "height": 1000})
        for half, docs in DOCS.items():
            folder = HERE / half
            folder.mkdir(exist_ok=True)
            labels = {}
            for name, schema, body, label, form in docs:
                labels[name] = {"schema": schema, "values": label}
                if form in ("pdf", "png"):
                    tab.set_content(body)
                    data = tab.pdf(format="A4") if form == "pdf" else tab.screenshot(full_page=True)
                    (folder / name).write_bytes(data)
                else:
                    (folder / name).write_text(body)
            (folder / "labels.json").write_text(json.dumps(labels, ensure_ascii=False, indent=1) + "\n")
        browser.close()


if __name__ == "__main__":
    main()
