using System.Text.Json;
using FluentAssertions;
using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Tests.Support;
using ViSurf.Core.Training;
using Xunit;

namespace ViSurf.Core.Tests.Evaluation;

/// <summary>The samples' model on the samples' held-out pictures: answered, measured, written down, read and measured again.</summary>
public sealed class HeldOutEvaluationTests
{
    private const int Side = 112;

    private static readonly string Model = Repository.PathOf("samples", "assets", "tiny-base");

    private static readonly VisionExample[] Rows = [.. JsonLinesDataset.Load(Repository.PathOf("samples", "assets", "shapes", "heldout.jsonl")).Take(16)];

    [Fact]
    public void Greedy_answers_have_the_overlap_that_counting_pixels_gives()
    {
        var (answers, report, again) = Evaluate(temperature: 0, answers: 1);
        answers.Select(a => a.Example.Id).Should().Equal(Rows.Select(r => r.Id));

        var (overlaps, intersections, unions, rightlyEmpty, empty) = (new List<double>(), 0, 0, 0, 0);
        foreach (var row in answers)
        {
            if (row.Example.Target is not GroundingTarget target) continue;
            var labelled = Pixels(target.Objects.Select(o => o.Box));
            // Independent of the library's parser: an answer that is JSON is read as JSON, any other predicts nothing and is wrong.
            var boxes = Boxes(row.Completion.Text);
            var predicted = Pixels(boxes ?? []);
            var (both, either) = (predicted.Intersect(labelled).Count(), predicted.Union(labelled).Count());
            overlaps.Add(boxes is null ? 0 : either == 0 ? 1 : (double)both / either);
            (intersections, unions) = (intersections + both, unions + either);
            if (target.Objects.Count > 0) continue;
            empty++;
            if (boxes is { Count: 0 }) rightlyEmpty++;
        }
        (overlaps.Count, empty).Should().Match<(int Rows, int Empty)>(n => n.Rows > 6 && n.Empty > 1, "the rows hold boxes and absent objects");
        report["g_iou"].Should().BeApproximately(overlaps.Average(), 1e-9).And.BeGreaterThan(0.1, "the model has learned to find things");
        report["c_iou"].Should().BeApproximately((double)intersections / unions, 1e-9);
        report["n_acc"].Should().BeApproximately((double)rightlyEmpty / empty, 1e-9);
        report["exact_answer"].Should().BeApproximately(answers.Where(a => a.Example.Target is TextTarget)
            .Average(a => a.Completion.Text.Contains($"<answer>{((TextTarget)a.Example.Target!).Text}</answer>", StringComparison.Ordinal) ? 1.0 : 0), 1e-9);
        report["tokens"].Should().BeApproximately(answers.Average(a => a.Completion.TokenIds.Count), 1e-9);
        report.Sources.Select(s => s.Source).Should().BeEquivalentTo(["boxes", "words"]);
        again.Should().BeEquivalentTo(report);
        again.ToString().Should().Be(report.ToString());
    }

    [Fact]
    public void Sampled_answers_are_as_good_as_their_mean_and_better_at_their_best()
    {
        var (answers, report, again) = Evaluate(temperature: 1, answers: 4);
        answers.Should().OnlyContain(a => a.Completions.Count == 4);
        var words = answers.Where(a => a.Example.Target is TextTarget).Select(a => a.Completions.Select(c => c.Text.Contains($"<answer>{((TextTarget)a.Example.Target!).Text}</answer>", StringComparison.Ordinal) ? 1.0 : 0).ToArray()).ToArray();
        report["exact_answer/mean@4"].Should().BeApproximately(words.Average(w => w.Average()), 1e-9);
        report["exact_answer/best@4"].Should().BeApproximately(words.Average(w => w.Max()), 1e-9);
        report["exact_answer/maj@4"].Should().BeLessThanOrEqualTo(report["exact_answer/best@4"]!.Value);
        again.Should().BeEquivalentTo(report);
        again.ToString().Should().Be(report.ToString());
    }

    private static (IReadOnlyList<EvaluatedExample> Answers, EvaluationReport Report, EvaluationReport Again) Evaluate(double temperature, int answers)
    {
        using var folder = new TemporaryDirectory();
        var encoder = QwenPromptEncoder.Load(Model);
        using var policy = QwenVlPolicy.Load(Model, TestDevice.Value);
        var sampler = new AutoregressiveSampler(new SamplingOptions { Temperature = temperature, StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });
        var evaluator = new Evaluator(encoder, policy, sampler)
        {
            Answers = answers, MaxNewTokens = 64, SourceOf = row => row.Target is TextTarget ? "words" : "boxes",
        };
        IReadOnlyList<EvaluatedExample> results;
        using (var file = PredictionFile.Create(folder.File("predictions.jsonl"))) results = evaluator.Run(Rows, file.Write);
        var suite = EvaluationSuite.Standard(answers);
        return (results, suite.Report(results), suite.Report(PredictionFile.Read(folder.File("predictions.jsonl"))));
    }

    private static List<Box>? Boxes(string text)
    {
        var (open, close) = (text.IndexOf("<answer>", StringComparison.Ordinal), text.IndexOf("</answer>", StringComparison.Ordinal));
        if (open < 0 || close < open) return null;
        try
        {
            using var json = JsonDocument.Parse(text[(open + 8)..close]);
            return [.. json.RootElement.EnumerateArray().Select(o => o.GetProperty("bbox_2d").EnumerateArray().Select(n => (double)n.GetInt32()).ToArray())
                .Select(n => new Box(n[0], n[1], n[2], n[3]))];
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return null;
        }
    }

    /// <summary>The unit squares that whole-numbered boxes cover.</summary>
    private static HashSet<(int X, int Y)> Pixels(IEnumerable<Box> boxes)
        => [.. boxes.SelectMany(b => from x in Enumerable.Range(0, 2 * Side) from y in Enumerable.Range(0, 2 * Side)
                                     where x >= b.X1 && x < b.X2 && y >= b.Y1 && y < b.Y2 select (x, y))];
}
