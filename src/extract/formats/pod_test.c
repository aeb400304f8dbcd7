/* pod_test.c - Perl documentation. */
#include "extract/formats/dump.h"

extern const Extractor extractor_pod;

Test(extract, perl_documentation_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "commands",
          "my $code;\n\n=head1 NAME\n\na - B<bold> and C<< $x->y >>\nmore\n\n=head2 Two\n\n"
          "  code\n\n    deeper\n\n=over 4\n\n=item * one\n\n=item 2. two\n\n=item I<three>\n\n"
          "text\n\n=back\n\n=begin html\n\n<b>\n\n=end html\n\n=cut\n\nmore code\n",
          "h1 NAME\np a - bold and $x->y more\nh2 Two\ncode code\\n\\n  deeper\nli1 - one\n"
          "li1 2. two\nli1  three\np text\n" },
        { "codes",
          "=pod\n\nE<lt>E<0x41>E<66>E<sol> L<the text|http://a/> L<perlpod/Links> aX<index>b "
          "B<I<in>side C<open\n",
          "p <AB/ the text perlpod/Links ab inside open\n" },
        { "the end", "=head1", "" },
    };
    DUMP_CASES(extractor_pod, cases);
}
