using ViSurf.Core.Data;
using ViSurf.Core.Fuzz.Making;
using ViSurf.Core.Models.QwenVl;

namespace ViSurf.Core.Fuzz.Surfaces;

/// <summary>
/// Chat templates: refused, or read as they are. What they would render is not known here, but this is: a word put into every turn's
/// beginning or end, before everything or behind it, is rendered, or the template is refused.
/// </summary>
internal sealed class TemplateSurface : ISurface
{
    private const string File = "chat_template.jinja", Word = "ZQXJ";
    private static readonly string[] Families = ["qwen2_5_vl", "qwen3_vl"];
    private static readonly string[] Parts =
        ["{% if false %}", "{% endif %}", " | trim", " | upper", "{{ bos_token }}", "{# note #}", "{%- ", " -%}", "<think>\n", "<think>",
            "</think>", "{% set x = 1 %}", "{{ messages[0] }}", "{{ x }}", "\n", " ", "<|im_start|>", "<|im_end|>", "system", "{% raw %}",
                "loop.last or ", "last_query_index"];

    public void Try(Attempt attempt)
    {
        var (dice, family) = (attempt.Dice, attempt.Dice.Of(Families));
        if (!Directory.Exists(family)) Fixture.Copy(family, family);
        var whole = Fixture.Text(family, File);
        var word = dice.Once(2);
        var template = word ? Marked(dice, whole) : Edited(dice, whole);
        attempt.Count();
        attempt.Note(File, template);
        // An edit may cut a character beyond U+FFFF in two: a file holds none of the halves.
        System.IO.File.WriteAllBytes(Path.Combine(family, File), System.Text.Encoding.UTF8.GetBytes(template));
        attempt.Refusable(() =>
        {
            var example = VisionExample.Ask("row-7", Texts.Whole(dice), null);
            var encoder = QwenPromptEncoder.Load(family);
            var text = encoder.Render(example);
            Attempt.Expect(!word || text.Contains(Word, StringComparison.Ordinal), "a word that stands in every turn of the "
                + "template is lost");
            Attempt.Expect(text == QwenPromptEncoder.Load(family).Render(example), "another text the second time");
        }, family);
    }

    public void Dispose()
    {
    }

    private static string Marked(Dice dice, string template) => dice.Below(4) switch
    {
        0 => Word + template,
        1 => template + Word,
        2 => template.Replace("<|im_start|>", "<|im_start|>" + Word, StringComparison.Ordinal),
        _ => template.Replace("<|im_end|>", Word + "<|im_end|>", StringComparison.Ordinal),
    };

    private static string Edited(Dice dice, string template)
    {
        for (var edits = 1 + dice.Size(4); edits > 0 && template.Length > 0; edits--)
        {
            var at = dice.Below(template.Length);
            template = dice.Below(4) switch
            {
                0 => template[..at],
                1 => template.Remove(at, Math.Min(template.Length - at, 1 + dice.Size(60))),
                2 => template.Insert(at, Texts.Whole(dice, 3)),
                _ => template.Insert(at, dice.Of(Parts)),
            };
        }
        return template;
    }
}
