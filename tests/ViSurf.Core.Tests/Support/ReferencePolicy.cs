using ViSurf.Core.Models.QwenVl;
using static TorchSharp.torch;

namespace ViSurf.Core.Tests.Support;

/// <summary>
/// A policy with the reference model's rotary tables. That model was stored in bfloat16 and upcast: where the cast went over the whole
/// module, its tables were rounded on the way; where it went over the weights alone, they were not. Case 0 tells which of the two it was;
/// every case is then held to it.
/// </summary>
internal static class ReferencePolicy
{
    public static QwenVlPolicy Load(string directory)
    {
        using var noGrad = no_grad();
        using var golden = new GoldenCase(Golden.DirectoryOf(directory), 0);
        var expected = golden.Floats("answer_logprobs");
        var candidates = new[] { true, false }.Select(rounded => Load(directory, rounded)).OrderBy(Error).ToArray();
        candidates[1].Dispose();
        return candidates[0];

        double Error(QwenVlPolicy policy)
        {
            using var scores = policy.Score(golden.Sequence);
            return scores.LogProbs.data<float>().ToArray().Zip(expected, (a, b) => Math.Abs(a - b)).Max();
        }
    }

    public static QwenVlPolicy Load(string directory, bool rounded)
    {
        var config = QwenVlConfigReader.Read(Fixtures.PathOf(directory));
        return QwenVlPolicy.Load(Fixtures.PathOf(directory), config with { Text = config.Text with { RoundedRopeFrequencies = rounded } }, new QwenVlOptions { Device = TestDevice.Value });
    }
}
