/* ooxml.h - what Word, Excel and PowerPoint files share (ECMA-376): parts that point at each
 * other, properties, charts, diagrams and embedded files. */
#pragma once

#include "extract/extractor.h"
#include "extract/package.h"

typedef struct Relation {
    Str id, type; /* type: the last piece of its URI, "worksheet" */
    Str target;   /* a part's name, resolved; empty when it leads outside the file */
    Str address;  /* where it leads when that is outside: a URL */
} Relation;
typedef VEC(Relation) Relations;

/* Sure (95) when [Content_Types].xml names one of the main types; NULL ends the list. */
int ooxml_sniff(Str bytes, const char *const *types);
/* Around the sniffing of one file: its types are then read once. One at a time in a thread. */
void ooxml_look_begin(Str bytes);
void ooxml_look_end(void);

/* The relations of a part; of the package itself when `part` is empty. */
Relations ooxml_relations(Package *package, Str part);
/* Relations by id or by type; NULL when there is none. */
const Relation *relation_by_id(const Relations *relations, Str id);
const Relation *relation_by_type(const Relations *relations, const char *type, size_t from);
/* The address outside the file that a relation leads to; empty if none. */
Str relation_address(const Relations *relations, Str id);
/* Its index among `relations`, to go on after it. */
#define relation_index(relations, relation) ((size_t)((relation) - (relations)->at))
/* The main part: the one the package calls its document, else `usual`. */
Str ooxml_main_part(Package *package, const char *usual);
/* The part named by the relation, NULL when it is not there. */
const Part *relation_part(const Package *package, const Relation *relation);

/* docProps: title, author, dates ... as BLOCK_META. */
void ooxml_write_meta(Package *package, DocWriter *doc);
/* A chart: its title, and a table of its series by category. */
void ooxml_write_chart(Package *package, DocWriter *doc, const Part *part);
/* A diagram's texts (SmartArt) as list items. */
void ooxml_write_diagram(Package *package, DocWriter *doc, const Part *part);
/* The a:t texts of a part, one line for each paragraph. */
Str ooxml_drawing_text(Package *package, Arena *arena, const Part *part);
/* Files under `folder` that some format here reads, as children. */
void ooxml_write_embedded(Package *package, DocWriter *doc, const char *folder);

/* Failures of a part that is not the main one become a warning. */
void ooxml_warn(DocWriter *doc, const Error *err);
