using System.Globalization;
using ViSurf.Core.Reporting.Markup;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>One group: its picture with everything drawn over it, the question, what became of the label, and each completion.</summary>
internal static class GroupCard
{
    /// <summary>Writes the card.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="step">The group's step.</param>
    /// <param name="group">What is shown of it.</param>
    /// <param name="number">Tells the cards of a document apart.</param>
    public static void Write(HtmlWriter html, long step, GroupView group, int number)
    {
        var scene = group.Frame is { } frame
            ? new SceneSvg(string.Create(CultureInfo.InvariantCulture, $"picture-{number}"), group.Pictures[0], (frame.Width, frame.Height)) : null;
        using var card = html.Of("article", "group");
        using (html.Element("header"))
        {
            html.Leaf("h3", group.Example, ("class", "data"));
            html.Leaf("p", "step " + ReportNumber.Whole(step), ("class", "step"));
        }
        using (html.Of("div", "both"))
        {
            using (html.Of("div", "left"))
            {
                Pictures(html, group, scene);
                html.Leaf("p", group.Question, ("class", "question data"));
                html.Leaf("p", group.Story, ("class", "story data"));
            }
            using var right = html.Of("div", "right");
            ScoreTable.Write(html, group);
            using (html.Of("ol", "answers"))
                for (var i = 0; i < group.Completions.Count; i++) Answer(html, group, i, scene);
            if (group.MoreCompletions > 0) html.Leaf("p", ReportNumber.Counted(group.MoreCompletions, "further completion is", "further completions are") + " not shown.", ("class", "note"));
        }
    }

    private static void Pictures(HtmlWriter html, GroupView group, SceneSvg? scene)
    {
        if (scene is not null) scene.WriteWithPicture(html, "The picture with the label and every completion drawn over it", () =>
        {
            for (var i = 0; i < group.Completions.Count; i++)
                if (group.Completions[i] is { IsLabel: false, Shapes: { } shapes } completion)
                    SceneSvg.Draw(html, shapes, $"{completion.Sign} n{i}", $"completion {completion.Name(i)}");
            SceneSvg.Draw(html, group.Label, "truth", "label");
        });
        foreach (var more in group.Pictures.Skip(scene is null ? 0 : 1))
        {
            if (more.DataUri is { } uri) html.Empty("img", ("src", uri), ("alt", "A further picture of the example"), ("class", "more"));
            else html.Leaf("p", "No picture: " + more.Trouble, ("class", "note data"));
        }
        if (group.MorePictures > 0) html.Leaf("p", ReportNumber.Counted(group.MorePictures, "further picture is", "further pictures are") + " not shown.", ("class", "note"));
    }

    private static void Answer(HtmlWriter html, GroupView group, int index, SceneSvg? scene)
    {
        var completion = group.Completions[index];
        using var item = html.Element("li", ("class", $"answer {completion.Sign} a{index}"));
        if (scene is not null)
            scene.WriteSmall(html, completion.IsLabel ? "The label drawn over the picture" : $"Completion {index + 1} and the label drawn over the picture", () =>
            {
                SceneSvg.Draw(html, group.Label, "truth", "label");
                if (completion is { IsLabel: false, Shapes: { } shapes }) SceneSvg.Draw(html, shapes, completion.Sign, $"completion {index + 1}");
            });
        using var words = html.Of("div", "words");
        using (html.Of("p", "who"))
        {
            html.Leaf("b", completion.Name(index), ("class", "badge"));
            html.Leaf("span", completion.Facts);
        }
        html.Leaf("div", completion.Text.Length == 0 ? "(nothing)" : completion.Text, ("class", "text data"));
    }
}
