using TorchSharp.Modules;

namespace ViSurf.Core.Models.Layers;

/// <summary>What an adapter adds to a linear layer, where that is s · B · A · x: y + (x Aᵀ) (s B)ᵀ.</summary>
internal interface ILowRank
{
    /// <summary>A, [r, in].</summary>
    Parameter Down { get; }

    /// <summary>B, [out, r].</summary>
    Parameter Up { get; }

    /// <summary>s.</summary>
    double Scaling { get; }

    /// <summary>Whether it acts now: neither turned off nor merged into the weight.</summary>
    bool IsOn { get; }

    /// <summary>Whether there is more to it now, such as dropout.</summary>
    bool IsMore { get; }
}
