using System.Globalization;
using ViSurf.Core.Data;
using ViSurf.Core.Reporting.Markup;
using ViSurf.Core.Training;

namespace ViSurf.Core.Reporting.Gallery;

/// <summary>One group: its picture with everything drawn over it, the question, what became of the label, and each completion.</summary>
/// <param name="side">Longest side of a picture in pixels.</param>
/// <param name="frame">Size of a picture, in pixels, to the size in which the policy writes coordinates.</param>
internal sealed class GroupCard(int side, Func<int, int, (int Width, int Height)> frame)
{
    private const int MostText = 1500, MostQuestion = 600, MostCompletions = 33;

    /// <summary>Writes the card.</summary>
    /// <param name="html">Where to.</param>
    /// <param name="snapshot">The group.</param>
    /// <param name="number">Tells the cards of a document apart.</param>
    public void Write(HtmlWriter html, GroupSnapshot snapshot, int number)
    {
        var judged = Judged.Of(snapshot.Group);
        var shown = judged.Where(j => !j.IsLabel).Take(MostCompletions).Concat(judged.Where(j => j.IsLabel).Take(1)).ToArray();
        var scene = SceneOf(snapshot, number);
        using var card = html.Of("article", "group");
        using (html.Element("header"))
        {
            html.Leaf("h3", HtmlText.Shortened(snapshot.Example.Id, 120), ("class", "data"));
            html.Leaf("p", "step " + ReportNumber.Whole(snapshot.Step), ("class", "step"));
        }
        using (html.Of("div", "both"))
        {
            using (html.Of("div", "left"))
            {
                Pictures(html, snapshot, scene, shown);
                html.Leaf("p", Question(snapshot.Example), ("class", "question data"));
                html.Leaf("p", LabelStory.Of(snapshot.Group, judged), ("class", "story data"));
            }
            using var right = html.Of("div", "right");
            ScoreTable.Write(html, shown);
            using (html.Of("ol", "answers"))
                for (var i = 0; i < shown.Length; i++) Answer(html, snapshot.Example.Target, shown[i], i, scene);
            if (shown.Length < judged.Count) html.Leaf("p", $"{judged.Count - shown.Length} further completions are not shown.", ("class", "note"));
        }
    }

    /// <summary>"+", "−" or nothing: the colour of a completion.</summary>
    internal static string Sign(Judged judged) => judged.Advantage switch { > 0 => "gains", < 0 => "loses", _ => "even" };

    internal static string Name(Judged judged, int index) => judged.IsLabel ? "label" : (index + 1).ToString(CultureInfo.InvariantCulture);

    private SceneSvg? SceneOf(GroupSnapshot snapshot, int number)
    {
        if (snapshot.Pictures(side) is not [{ DataUri: not null } first, ..]) return null;
        var (width, height) = snapshot.Example.LabelFrame is { } own ? (own.Width, own.Height) : frame(first.Width, first.Height);
        return new SceneSvg(string.Create(CultureInfo.InvariantCulture, $"picture-{number}"), first, (Math.Max(1, width), Math.Max(1, height)));
    }

    private void Pictures(HtmlWriter html, GroupSnapshot snapshot, SceneSvg? scene, Judged[] shown)
    {
        var target = snapshot.Example.Target;
        if (scene is not null) scene.WriteWithPicture(html, "The picture with the label and every completion drawn over it", () =>
        {
            for (var i = 0; i < shown.Length; i++)
                if (!shown[i].IsLabel && Shapes.Of(shown[i].Completion.Text, target) is { } shapes)
                    SceneSvg.Draw(html, shapes, $"{Sign(shown[i])} n{i}", $"completion {Name(shown[i], i)}");
            SceneSvg.Draw(html, Shapes.Of(target), "truth", "label");
        });
        foreach (var more in snapshot.Pictures(side).Skip(scene is null ? 0 : 1))
        {
            if (more.DataUri is { } uri) html.Empty("img", ("src", uri), ("alt", "A further picture of the example"), ("class", "more"));
            else html.Leaf("p", "No picture: " + more.Trouble, ("class", "note data"));
        }
        if (snapshot.Example.Images.Count > GroupSnapshot.MostPictures)
            html.Leaf("p", $"{snapshot.Example.Images.Count - GroupSnapshot.MostPictures} further pictures are not shown.", ("class", "note"));
    }

    private static void Answer(HtmlWriter html, Target? target, Judged judged, int index, SceneSvg? scene)
    {
        using var item = html.Element("li", ("class", $"answer {(judged.IsLabel ? "truth" : Sign(judged))} a{index}"));
        if (scene is not null)
            scene.WriteSmall(html, judged.IsLabel ? "The label drawn over the picture" : $"Completion {index + 1} and the label drawn over the picture", () =>
            {
                SceneSvg.Draw(html, Shapes.Of(target), "truth", "label");
                if (!judged.IsLabel && Shapes.Of(judged.Completion.Text, target) is { } shapes) SceneSvg.Draw(html, shapes, Sign(judged), $"completion {index + 1}");
            });
        using var words = html.Of("div", "words");
        using (html.Of("p", "who"))
        {
            html.Leaf("b", Name(judged, index), ("class", "badge"));
            html.Leaf("span", Facts(judged, target));
        }
        html.Leaf("div", judged.Completion.Text.Length == 0 ? "(nothing)" : HtmlText.Shortened(judged.Completion.Text, MostText), ("class", "text data"));
    }

    private static string Facts(Judged judged, Target? target)
    {
        var facts = new List<string> { $"{ReportNumber.Whole(judged.Completion.TokenIds.Count)} tokens" };
        if (judged.Completion.PrefixTokens > 0) facts.Add($"the first {ReportNumber.Whole(judged.Completion.PrefixTokens)} given from the label");
        if (judged.Completion.FinishReason == FinishReason.Length) facts.Add("cut at the token limit");
        if (judged.Completion.Replayed) facts.Add("replayed");
        if (judged.Controlled is null) facts.Add("left out");
        if (!judged.IsLabel && Shapes.Of(judged.Completion.Text, target) is null) facts.Add("no answer that can be read");
        return string.Join(" · ", facts);
    }

    private static string Question(VisionExample example)
    {
        var texts = example.Turns.Where(turn => turn.Role == "user").SelectMany(turn => turn.Parts).Select(part => part.Text).OfType<string>();
        return HtmlText.Shortened(string.Join("\n", texts), MostQuestion);
    }
}
