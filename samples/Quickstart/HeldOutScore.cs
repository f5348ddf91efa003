using ViSurf.Core.Data;
using ViSurf.Core.Evaluation;

namespace Quickstart;

/// <summary>What the table shows: shares of held-out rows, in [0, 1]; null where no row counts.</summary>
/// <param name="GIoU">Mean intersection over union where the object is there.</param>
/// <param name="NAcc">Share of absent objects that are answered with an empty list.</param>
/// <param name="BoxAccuracy">Share of present objects whose box has an IoU above one half.</param>
/// <param name="ExactAnswers">Share of questions in words that are answered exactly.</param>
/// <param name="Thinking">Share of all answers that think first: a think block, then an answer block, nothing else.</param>
internal sealed record HeldOutScore(double? GIoU, double? NAcc, double? BoxAccuracy, double? ExactAnswers, double? Thinking)
{
    /// <summary>Those that there are, by name.</summary>
    public IReadOnlyDictionary<string, double> Values => new Dictionary<string, double?>
    {
        ["g_iou (present)"] = GIoU,
        ["n_acc"] = NAcc,
        ["box_accuracy (present)"] = BoxAccuracy,
        ["exact_answer"] = ExactAnswers,
        ["thinking_format"] = Thinking,
    }.Where(m => m.Value is not null).ToDictionary(m => m.Key, m => m.Value!.Value);

    public static HeldOutScore Of(IReadOnlyList<EvaluatedExample> answers)
    {
        // The library's gIoU counts a right "nothing there" as 1. Here the two kinds of rows are shown apart.
        var present = Report(answers.Where(a => a.Example.Target is GroundingTarget { Objects.Count: > 0 }));
        var all = Report(answers);
        return new HeldOutScore(present["g_iou"], all["n_acc"], present["box_accuracy@0.5"], all["exact_answer"], all["thinking_format"]);
    }

    private static EvaluationReport Report(IEnumerable<EvaluatedExample> answers)
        => EvaluationSuite.Standard().Report(answers, new BootstrapOptions { Resamples = 0 });
}
