using System.Globalization;
using TinyBase.Shapes;
using ViSurf.Core.Evaluation;
using ViSurf.Core.Models.QwenVl;
using ViSurf.Core.Policies;
using ViSurf.Core.Rollouts;
using ViSurf.Core.Training;

namespace TinyBase;

/// <summary>How far the model is, on rows that no lesson uses: the numbers the quickstart starts from.</summary>
internal sealed class Progress(QwenPromptEncoder encoder, IPolicy policy, int seed)
{
    private const int Rows = 64;
    private const int MostTokens = 96;

    private readonly Row[] _present = [.. new RowGenerator(seed, "progress-present", new RowMix(1, 0, 0, 0)).Take(Rows)];
    private readonly Row[] _absent = [.. new RowGenerator(seed, "progress-absent", new RowMix(0, 1, 0, 0)).Take(Rows / 2)];
    private readonly Row[] _words = [.. new RowGenerator(seed, "progress-words", new RowMix(0, 0, 0.5, 0.5)).Take(Rows / 2)];
    private readonly Evaluator _evaluator = new(encoder, policy, Greedy(encoder))
    {
        BatchSize = 32,
        MaxNewTokens = MostTokens,
    };

    public string Report(CancellationToken cancel)
    {
        var (present, absent, words) = (Score(_present, cancel), Score(_absent, cancel), Score(_words, cancel));
        return string.Create(CultureInfo.InvariantCulture,
            $"gIoU {present["g_iou"]:0.000}, box accuracy {present["box_accuracy@0.5"]:0.000}, N-Acc {absent["n_acc"]:0.000}, in words {words["exact_answer"]:0.000}");
    }

    private static AutoregressiveSampler Greedy(QwenPromptEncoder encoder)
        => new(new SamplingOptions { Temperature = 0, StopIds = encoder.StopIds, SuppressedIds = encoder.SuppressedIds });

    private EvaluationReport Score(Row[] rows, CancellationToken cancel)
        => EvaluationSuite.Standard().Report(_evaluator.Run(rows.Select(r => r.Example()), cancellation: cancel), new BootstrapOptions { Resamples = 0 });
}
